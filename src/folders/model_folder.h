// A model in the diffusers folder layout: model_index.json and one folder a component.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "folders/added_weights.h"
#include "io/weights.h"

namespace fdbench {

/// A diffusers model folder. model_index.json may be missing: then the folders that are there
/// count.
class ModelFolder {
 public:
  /// path: the folder, or one of the Hugging Face cache (io/model_path.h). variant: of the weights,
  /// as diffusers' `variant`; "ema" also takes the folder unet_ema/ in place of unet/. Throws a
  /// usage error with the remedy when `path` is no model folder or has no such variant.
  explicit ModelFolder(std::filesystem::path path, std::string variant = "");
  /// The same with a user's additions, which every weight that is read has in it. Throws what
  /// AddedWeights throws, and a usage error for a UNet that is none or none of this kind of folder.
  ModelFolder(std::filesystem::path path, std::string variant, WeightAdditions additions);
  /// A folder of configurations whose weights are SyntheticWeights of the seed.
  ModelFolder(std::filesystem::path path, std::uint64_t weights_seed);

  const std::filesystem::path& path() const { return path_; }
  /// True when the weights are random: what such a model draws means nothing.
  bool synthetic() const { return weights_seed_.has_value(); }
  /// "path/to/model" or "sd15 (random weights, seed 0)"; additions are named behind it.
  std::string description() const;
  /// True when the folder has component `name` ("unet", "vae", "text_encoder", "tokenizer",
  /// "scheduler").
  bool has(const std::string& name) const;
  /// model_index.json; null without one. What it says of the task is read by
  /// tasks/folder_task.cpp alone.
  const nlohmann::json& index() const { return index_; }
  /// Config of a component, <name>/config.json or scheduler/scheduler_config.json, as diffusers
  /// takes it (folders/load_rules.h).
  nlohmann::json config(const std::string& name) const;
  std::filesystem::path config_path(const std::string& name) const;
  /// Folder of a component. Throws a usage error when the model has none of that name; for a
  /// missing UNet it says what the folder is.
  std::filesystem::path part_path(const std::string& name) const;
  /// Opens the component's weights (folders/weight_files.h). Throws when there are none.
  std::unique_ptr<Weights> weights(const std::string& name, at::ScalarType dtype,
                                   at::Device device) const;
  /// Hash of the names, sizes and contents of the component's weight files and config, and of the
  /// additions in it, for provenance; of the config and the seed for random weights.
  std::string weights_hash(const std::string& name) const;
  /// Tokens that the tokenizer of a text encoder learns from additions.
  const std::vector<LearnedToken>& learned_tokens(const std::string& encoder) const;
  /// A user's weights over the folder's.
  const WeightAdditions& additions() const;

 private:
  /// Folder of a component, or of the one that stands in for it; "" when there is none.
  std::filesystem::path folder_of(const std::string& name) const;
  void check_variant() const;
  void check_own_unet() const;
  StoredPart stored_part(const std::string& name) const;
  Error no_unet() const;

  std::filesystem::path path_;
  std::string variant_;
  nlohmann::json index_;
  /// Not empty: `path_` is itself the folder of this component.
  std::string own_part_;
  std::optional<std::uint64_t> weights_seed_;
  /// In place of unet/; "": none.
  std::filesystem::path own_unet_;
  std::shared_ptr<const AddedWeights> added_;
};

}  // namespace fdbench
