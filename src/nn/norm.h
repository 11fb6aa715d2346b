// Normalisation layers.
#pragma once

#include "kernels/group_norm.h"
#include "nn/weight_scope.h"

namespace fdbench {

struct GroupNorm {
  /// [C]
  at::Tensor weight, bias;
  std::int64_t groups = 1;
  double eps = 1e-5;

  GroupNorm() = default;
  /// Throws a usage error when `groups` does not divide `channels`.
  GroupNorm(const WeightScope& scope, std::int64_t channels, std::int64_t groups, double eps);
  /// x: [B, C, H, W], then the activation if there is one -> the same shape, channels last on the
  /// CPU.
  at::Tensor operator()(const at::Tensor& x, std::optional<Activation> activation = {}) const {
    return (*this)(GroupNormInput{x, {}, {}, {}}, activation);
  }
  at::Tensor operator()(const GroupNormInput& input, std::optional<Activation> activation) const {
    return group_norm(input, groups, weight, bias, eps, activation);
  }
  /// The part that normalises groups first ... end - 1 alone.
  GroupNorm slice(std::int64_t first, std::int64_t end) const;
};

struct LayerNorm {
  /// [C]
  at::Tensor weight, bias;
  double eps = 1e-5;

  LayerNorm() = default;
  LayerNorm(const WeightScope& scope, std::int64_t channels, double eps = 1e-5);
  /// x: [..., C] -> the same shape.
  at::Tensor operator()(const at::Tensor& x) const {
    return at::layer_norm(x, weight.sizes(), weight, bias, eps);
  }
};

}  // namespace fdbench
