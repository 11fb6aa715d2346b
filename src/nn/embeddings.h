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

/// Fixed table of positions of a grid of patches (get_2d_sincos_pos_embed of diffusers): the first
/// half of the width for the column, the second for the row, sines first in each.
/// dim: a multiple of 4; base_size: side of the grid that the network was trained on, over which
/// other grids are stretched -> [height * width, dim] float32 on the CPU, row after row.
at::Tensor sincos_positions(std::int64_t dim, std::int64_t height, std::int64_t width,
                            std::int64_t base_size);

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
