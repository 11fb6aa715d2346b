// Which files of a part's folder hold its weights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace fdbench {

struct WeightFiles {
  std::vector<std::filesystem::path> paths;
  /// Empty: a single file.
  std::filesystem::path index;
};

/// diffusion_pytorch_model.safetensors, model.safetensors, or the shards of a
/// *.safetensors.index.json. variant: as diffusers' `variant` ("fp16", "non_ema"), whose files are
/// taken where they are there; "": the plain files, or the only variant that is there, with a note.
/// Throws a usage error with the remedy where there are only other files (pickles, checkpoints,
/// several variants, links to nothing), a runtime error where a shard is missing.
WeightFiles find_weights(const std::filesystem::path& folder, const std::string& variant = "");

/// Opens them; shards are checked to hold just what their index says.
std::vector<SafetensorsFile> open_weights(const WeightFiles& files);

/// The variants of which a part's folder holds weights, sorted.
std::vector<std::string> weight_variants(const std::filesystem::path& folder);

}  // namespace fdbench
