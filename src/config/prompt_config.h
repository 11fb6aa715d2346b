// `prompts:` of a config file.
#pragma once

#include <filesystem>

#include "config/config_reader.h"
#include "prompts/prompt_list.h"

namespace fdbench {

/// A list of texts or of maps {prompt: TEXT, control: FILE or list of them}, {list: [...]} or
/// {file: FILE}, the two with `count`: the first so many. config: the config file, beside which
/// files are looked for (`locate`). Throws usage errors with the place.
PromptList read_prompts(const ConfigValue& value, const std::filesystem::path& config);

}  // namespace fdbench
