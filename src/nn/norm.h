// Normalisation layers.
#pragma once

#include "nn/weight_scope.h"

namespace fdbench {

struct GroupNorm {
  at::Tensor weight, bias;  // [C]
  std::int64_t groups = 1;
  double eps = 1e-5;

  GroupNorm() = default;
  /// Throws a usage error when `groups` does not divide `channels`.
  GroupNorm(const WeightScope& scope, std::int64_t channels, std::int64_t groups, double eps);
  /// x: [B, C, ...] -> the same shape.
  at::Tensor operator()(const at::Tensor& x) const {
    return at::group_norm(x, groups, weight, bias, eps);
  }
};

struct LayerNorm {
  at::Tensor weight, bias;  // [C]
  double eps = 1e-5;

  LayerNorm() = default;
  LayerNorm(const WeightScope& scope, std::int64_t channels, double eps = 1e-5);
  /// x: [..., C] -> the same shape.
  at::Tensor operator()(const at::Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, eps);
  }
};

}  // namespace fdbench
