// Token merging in config files and in records.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "nn/token_merging.h"

namespace fdbench {

/// `tome:` a ratio, or a map of options that changes `merging`. A map that turns merging on without
/// a ratio takes tomesd's default.
TokenMerging read_tome(const ConfigValue& value, TokenMerging merging);

/// All options but the ratio as JSON by tomesd's names; "" where nothing is merged.
std::string tome_options_text(const TokenMerging& merging);

}  // namespace fdbench
