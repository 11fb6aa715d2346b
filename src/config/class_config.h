// `classes:` of a config file, in place of `prompts:` for models that draw classes.
#pragma once

#include <filesystem>

#include "config/config_reader.h"
#include "prompts/prompt_list.h"

namespace fdbench {

/// Keys of a config that say what is drawn.
inline constexpr const char* kPromptsKey = "prompts";
inline constexpr const char* kClassesKey = "classes";

/// A list of classes (numbers or names), one a picture; or a map of `list`, `file` (of prompts
/// whose texts are classes) or `count` (the classes 0 to count - 1) with `per_class` pictures of
/// each: the whole list once, then again. Whether the model has them is seen later. config: the
/// config file, beside which files are looked for. Throws usage errors with the place.
PromptList read_classes(const ConfigValue& value, const std::filesystem::path& config);

}  // namespace fdbench
