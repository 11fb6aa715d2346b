// Token merging in config files, on the command line and in records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "config/config_key.h"
#include "nn/token_merging.h"

namespace fdbench {

/// An option of token merging besides the ratio, under tomesd's name.
struct TomeOption {
  std::string name;
  std::variant<std::int64_t TokenMerging::*, bool TokenMerging::*> member;
  /// On the command line: of a whole number with its value, of a truth for what it is not by
  /// itself.
  std::string flag;
  std::string help;
  /// What the flag of a truth does; "" for the help's words.
  std::string flag_help = {};
};
std::span<const TomeOption> tome_options();

/// The keys of `tome:`.
std::vector<KeyInfo> tome_keys();

/// `tome:` a ratio, or a map of options that changes `merging`. A map that turns merging on without
/// a ratio takes tomesd's default.
TokenMerging read_tome(const ConfigValue& value, TokenMerging merging);

/// All options but the ratio as JSON by tomesd's names; "" where nothing is merged.
std::string tome_options_text(const TokenMerging& merging);

}  // namespace fdbench
