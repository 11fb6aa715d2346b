// transformers' CLIPTextModel, and CLIPTextModelWithProjection.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"

namespace fdbench {

/// What SDXL takes of a text encoder.
struct ClipTextStates {
  /// [n, l, d], hidden_states[-2]: before the last layer, not normalised.
  at::Tensor penultimate_hidden_state;
  /// [n, p], undefined without a projection.
  at::Tensor text_embeds;
};

class CLIPTextModel {
 public:
  /// Same contract as make_unet_2d_condition. Keys with and without the "text_model." prefix are
  /// accepted.
  CLIPTextModel(const nlohmann::json& config, Weights& weights, const std::filesystem::path& place);
  ~CLIPTextModel();
  CLIPTextModel(CLIPTextModel&&) noexcept;

  /// input_ids: [n, l] int64 -> last_hidden_state [n, l, d] (after the final layer norm), or, with
  /// clip_skip, what it would be without that many last layers (diffusers'
  /// StableDiffusionPipeline).
  at::Tensor last_hidden_state(const at::Tensor& input_ids, std::int64_t clip_skip = 0) const;
  /// input_ids: [n, l] int64. text_embeds are the projected last hidden state at the end token: at
  /// the first `eos_token_id`, or, where the config has the historical 2 there, at the highest id.
  /// clip_skip: that many layers before hidden_states[-2] (diffusers' StableDiffusionXLPipeline);
  /// it leaves text_embeds as they are.
  ClipTextStates encode(const at::Tensor& input_ids, std::int64_t clip_skip = 0) const;
  std::int64_t max_position_embeddings() const;
  std::int64_t hidden_size() const;
  /// p; 0 where the weights have no text_projection.
  std::int64_t projection_dim() const;
  /// Dtype and device of what comes out.
  at::TensorOptions options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
