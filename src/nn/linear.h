// Affine map of the last dimension.
#pragma once

#include "nn/weight_scope.h"

namespace fdbench {

struct Linear {
  /// [out, in], in oneDNN's order after pack().
  at::Tensor weight;
  /// [out]; undefined without one.
  at::Tensor bias;

  Linear() = default;
  Linear(const WeightScope& scope, std::int64_t in, std::int64_t out, bool with_bias = true);
  /// A 1x1 convolution (weight [out, in, 1, 1]) as the linear map over channels that it is.
  static Linear from_conv(const WeightScope& scope, std::int64_t in, std::int64_t out);

  /// Brings the weight into the order that the CPU reads fastest; results differ by rounding.
  void pack();
  /// x: [..., in]; added: of the result's shape, added to it, may be undefined -> [..., out].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& added = {}) const;
  std::int64_t multiply_adds(std::int64_t rows) const { return rows * weight.numel(); }
};

}  // namespace fdbench
