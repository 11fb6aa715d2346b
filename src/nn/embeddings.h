// Embeddings of timesteps and other numbers.
#pragma once

#include "kernels/activation.h"
#include "nn/linear.h"

namespace fdbench {

/// Sinusoidal embedding (diffusers' Timesteps), float32 inside and out.
struct Timesteps {
  std::int64_t num_channels = 0;
  bool flip_sin_to_cos = true;  // cosines first
  double freq_shift = 0;

  /// values: [n] of any number type -> [n, num_channels] float32.
  at::Tensor operator()(const at::Tensor& values) const;
};

/// Two linear layers with an activation between them.
struct TimestepEmbedding {
  Linear linear_1, linear_2;
  Activation activation = Activation::kSilu;

  TimestepEmbedding() = default;
  TimestepEmbedding(const WeightScope& scope, std::int64_t in, std::int64_t out,
                    Activation activation);
  /// x: [n, in] -> [n, out].
  at::Tensor operator()(const at::Tensor& x) const;
};

}  // namespace fdbench
