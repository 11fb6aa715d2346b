// transformers' CLIPTextModel.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"

namespace fdbench {

class CLIPTextModel {
 public:
  /// Same contract as make_unet_2d_condition. Keys with and without the "text_model." prefix are
  /// accepted.
  CLIPTextModel(const nlohmann::json& config, Weights& weights, const std::filesystem::path& place);
  ~CLIPTextModel();
  CLIPTextModel(CLIPTextModel&&) noexcept;

  /// input_ids: [n, l] int64 -> last_hidden_state [n, l, d] (after the final layer norm).
  at::Tensor last_hidden_state(const at::Tensor& input_ids) const;
  std::int64_t max_position_embeddings() const;
  std::int64_t hidden_size() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
