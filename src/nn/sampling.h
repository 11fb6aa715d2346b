// Halving and doubling of feature maps.
#pragma once

#include "nn/conv2d.h"

namespace fdbench {

/// Convolution of stride 2.
struct Downsample2D {
  Conv2d conv;

  Downsample2D() = default;
  /// padding: 1, or 0 for one row and column of zeros below and to the right (as autoencoders have
  /// it).
  Downsample2D(const WeightScope& scope, std::int64_t channels, std::int64_t padding);
  /// x: [B, C, H, W] -> [B, C, H', W'] with H' = halved(H, padding).
  at::Tensor operator()(const at::Tensor& x) const;
};

/// Size of a side after a Downsample2D: rounded up with padding 1, down with padding 0.
inline std::int64_t halved(std::int64_t side, std::int64_t padding) { return (side + padding) / 2; }

/// Nearest-neighbour enlargement, then a convolution.
struct Upsample2D {
  Conv2d conv;

  Upsample2D() = default;
  Upsample2D(const WeightScope& scope, std::int64_t channels);
  /// x: [B, C, H, W] -> [B, C, height, width].
  at::Tensor operator()(const at::Tensor& x, std::int64_t height, std::int64_t width) const;
};

}  // namespace fdbench
