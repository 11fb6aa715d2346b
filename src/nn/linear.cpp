#include "nn/linear.h"

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

}  // namespace fdbench
