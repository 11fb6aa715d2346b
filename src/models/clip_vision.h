// transformers' CLIPVisionModelWithProjection.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "io/weights.h"

namespace fdbench {

class CLIPVisionModel {
 public:
  /// Same contract as CLIPTextModel: config as transformers' CLIPVisionConfig, weights under
  /// "vision_model." and "visual_projection.weight". Calls weights.finish().
  CLIPVisionModel(const nlohmann::json& config, Weights& weights,
                  const std::filesystem::path& place);
  ~CLIPVisionModel();
  CLIPVisionModel(CLIPVisionModel&&) noexcept;

  /// pixel_values: [n, 3, image_size, image_size], normalised -> image_embeds [n, projection_dim],
  /// not normalised.
  at::Tensor image_embeds(const at::Tensor& pixel_values) const;
  /// The patches' states after each layer, without the class token: [n, patches, hidden_size] a
  /// layer (transformers' hidden_states[1:, :, 1:]).
  std::vector<at::Tensor> patch_states(const at::Tensor& pixel_values) const;
  std::int64_t image_size() const;
  std::int64_t projection_dim() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
