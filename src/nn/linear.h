// Affine map of the last dimension.
#pragma once

#include "nn/weight_scope.h"

namespace fdbench {

struct Linear {
  at::Tensor weight;  // [out, in]
  at::Tensor bias;    // [out]; undefined without one

  Linear() = default;
  Linear(const WeightScope& scope, std::int64_t in, std::int64_t out, bool with_bias = true);
  /// A 1x1 convolution (weight [out, in, 1, 1]) as the linear map over channels that it is.
  static Linear from_conv(const WeightScope& scope, std::int64_t in, std::int64_t out);

  /// x: [..., in] -> [..., out].
  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }
  std::int64_t multiply_adds(std::int64_t rows) const { return rows * weight.numel(); }
};

}  // namespace fdbench
