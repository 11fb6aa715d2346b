// `judges:` of a config: who looks at the pictures of a sweep.
#pragma once

#include <filesystem>

#include "config/config_key.h"
#include "config/experiment.h"

namespace fdbench {

/// The keys of `judges:`, those of its `network:` map as "network.resize".
std::vector<KeyInfo> judge_keys();

/// Throws a usage error at the place of what is not known or does not go together.
JudgeSettings read_judges(const ConfigValue& value, const std::filesystem::path& config);

/// A path as given when that is there from the current folder, else from the config file's folder
/// or one above it.
std::filesystem::path locate(const std::string& path, const std::filesystem::path& config);

}  // namespace fdbench
