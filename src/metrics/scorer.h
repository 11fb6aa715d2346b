// A network that a user brings to say how much people would like a picture of a prompt:
// ImageReward, HPSv2, PickScore and the like.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "metrics/script_network.h"

namespace fdbench {

struct ScorerSettings {
  /// As results tell it.
  std::string name;
  /// A TorchScript file, or
  std::filesystem::path network;
  /// a CLIPModel folder, whose score is PickScore's: exp(logit_scale) cos(picture, prompt).
  std::filesystem::path clip;
  // Of a TorchScript file.
  /// What `forward` takes, in its order: each out of scorer_input_names().
  std::vector<std::string> inputs = {"image", "text_ids"};
  /// A folder: CLIP's or BERT's files.
  std::filesystem::path tokenizer;
  /// Tokens of a text; 0: the tokenizer's.
  std::int64_t max_length = 0;
  PictureProtocol protocol;
};

/// image [n, 3, h, w], text_ids and attention_mask [n, max_length] int64.
std::vector<std::string> scorer_input_names();

/// Hash of all that its numbers depend on, without loading it. Throws a usage error where a file is
/// missing.
std::string scorer_hash(const ScorerSettings& settings);

class Scorer {
 public:
  /// In float32 on the CPU. Throws an error in one line for what is missing or does not fit.
  explicit Scorer(ScorerSettings settings);
  ~Scorer();
  Scorer(Scorer&&) noexcept;

  const std::string& name() const { return settings_.name; }
  /// pictures: [n, h, w, 3] uint8 with a prompt each -> [n] float64. Throws a usage error where the
  /// network gives anything but a number a picture.
  at::Tensor operator()(const at::Tensor& pictures, const std::vector<std::string>& prompts) const;
  /// Warns once of the prompts of which only the beginning is read.
  void warn_of_cut_prompts(const std::vector<std::string>& prompts) const;

 private:
  struct Impl;
  ScorerSettings settings_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
