// `model:` of a config file: a model, or the stages of a cascade.
#pragma once

#include <filesystem>
#include <vector>

#include "config/config_reader.h"
#include "config/experiment.h"

namespace fdbench {

/// What the map names: `folder` with `variant`, or `architecture` with `weights` and `seed`.
ModelSource read_source(ConfigMap& map, const std::filesystem::path& config);

/// A folder, {folder: F, variant: V}, {architecture: sd15, weights: random, seed: 0}, or
/// {stages: [{name: N, ...}, ...]}, each of which is one of the former with, where it is another
/// than that of the file, a guidance_scale of its own. config: paths in it count from there.
std::vector<StageSettings> read_stages(const ConfigValue& value,
                                       const std::filesystem::path& config, double guidance_scale);

}  // namespace fdbench
