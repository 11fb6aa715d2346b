#include "nn/linear.h"

#include "kernels/packed_layers.h"

namespace fdbench {

Linear::Linear(const WeightScope& scope, std::int64_t in, std::int64_t out, bool with_bias)
    : weight(scope.take("weight", {out, in})) {
  if (with_bias) bias = scope.take("bias", {out});
}

Linear Linear::from_conv(const WeightScope& scope, std::int64_t in, std::int64_t out) {
  Linear linear;
  linear.weight = scope.take("weight", {out, in, 1, 1}).view({out, in});
  linear.bias = scope.take("bias", {out});
  return linear;
}

void Linear::pack() { weight = pack_linear_weight(weight); }

at::Tensor Linear::operator()(const at::Tensor& x, const at::Tensor& added) const {
  return linear(x, weight, bias, added);
}

}  // namespace fdbench
