// Models without weights: the full-size configurations that come with fdbench, and the one way to
// open a user's folder or one of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "folders/model_folder.h"

namespace fdbench {

/// What the user names: a folder with weights, or an architecture whose weights are random.
struct ModelSource {
  std::filesystem::path folder;
  /// "": `folder` counts.
  std::string architecture;
  /// Of the random weights.
  std::uint64_t seed = 0;
  /// Of the folder's weights ("fp16", "ema"); "": the plain ones.
  std::string variant;
  /// Over the folder's weights.
  WeightAdditions additions;
};

/// Names of the folders in models/architectures ("dit_xl_2_256", "sd15", "sdxl", ...), sorted.
/// models/architectures is looked for in the current folder and those above it, then in the
/// program's folder and those above it. Throws a usage error when it is nowhere.
std::vector<std::string> architecture_names();

/// A synthetic model: configurations in the diffusers layout, random weights from `seed`
/// (SyntheticWeights). Throws a usage error that names the nearest architecture.
ModelFolder open_architecture(const std::string& name, std::uint64_t seed);

/// The folder, or the architecture where one is named. Throws a usage error when both or neither
/// are given, and for a model without a UNet, which it calls what it is.
ModelFolder open_model(const ModelSource& source);

/// The same of a model with any denoiser: what it has is not looked at.
ModelFolder open_any_model(const ModelSource& source);

}  // namespace fdbench
