// Embeddings of timesteps and other numbers.
#pragma once

#include "kernels/activation.h"
#include "nn/linear.h"

namespace fdbench {

/// Sinusoidal embedding (diffusers' Timesteps), float32 inside and out.
struct Timesteps {
  std::int64_t num_channels = 0;
  /// Cosines first.
  bool flip_sin_to_cos = true;
  double freq_shift = 0;

  /// values: [n] of any number type -> [n, num_channels] float32.
  at::Tensor operator()(const at::Tensor& values) const;
};

/// Two linear layers with an activation between them, and a projection of what may be added to
/// their input.
struct TimestepEmbedding {
  Linear linear_1, linear_2, cond_proj;
  Activation activation = Activation::kSilu;

  TimestepEmbedding() = default;
  TimestepEmbedding(const WeightScope& scope, std::int64_t in, std::int64_t out,
                    Activation activation);
  /// Takes `cond_proj` too. condition_dim: width of the condition; 0: without one.
  TimestepEmbedding(const WeightScope& scope, std::int64_t in, std::int64_t out,
                    Activation activation, std::int64_t condition_dim);
  /// x: [n, in] -> [n, out]. condition: [n, condition_dim], may be undefined.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& condition = {}) const;
};

/// Guidance scales as latent consistency models take them (get_guidance_scale_embedding of
/// diffusers' StableDiffusionPipeline). w: guidance_scale - 1 -> [1, dim] float32 on the CPU.
at::Tensor guidance_scale_embedding(double w, std::int64_t dim);

}  // namespace fdbench
