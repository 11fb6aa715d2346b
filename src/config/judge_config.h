// `judges:` of a config: who looks at the pictures of a sweep.
#pragma once

#include <filesystem>

#include "config/config_reader.h"
#include "config/experiment.h"

namespace fdbench {

/// clip, network (a path, or {file, resize, size, input}), reference, scenes, metrics, bootstrap.
/// Throws a usage error at the place of what is not known or does not go together.
JudgeSettings read_judges(const ConfigValue& value, const std::filesystem::path& config);

/// A path as given when that is there from the current folder, else from the config file's folder
/// or one above it.
std::filesystem::path locate(const std::string& path, const std::filesystem::path& config);

}  // namespace fdbench
