// `lora:`, `custom_diffusion:`, `embeddings:` and `unet:` of a config file.
#pragma once

#include <filesystem>

#include "config/config_reader.h"
#include "folders/weight_additions.h"

namespace fdbench {

/// Reads what the map has of
/// - `lora`: a file, or a list of files and of {file: F, scale: S};
/// - `custom_diffusion`: a file or a list of them;
/// - `embeddings`: a list of files and of {token: T, file: F};
/// - `unet`: a folder.
/// config: paths in it count from there. All faults are usage errors with their place.
WeightAdditions read_weight_additions(ConfigMap& map, const std::filesystem::path& config);

/// Both, `more` behind. Throws a usage error at `place` for two UNets.
WeightAdditions joined(WeightAdditions additions, const WeightAdditions& more, const Place& place);

}  // namespace fdbench
