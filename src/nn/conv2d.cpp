#include "nn/conv2d.h"

#include "kernels/packed_layers.h"

namespace fdbench {

Conv2d::Conv2d(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel)
    : Conv2d(scope, in, out, kernel, 1, (kernel - 1) / 2) {}

Conv2d::Conv2d(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel,
               std::int64_t stride, std::int64_t padding)
    : weight(scope.take("weight", {out, in, kernel, kernel})),
      bias(scope.take("bias", {out})),
      stride(stride),
      padding(padding) {}

void Conv2d::pack(std::int64_t height, std::int64_t width) {
  weight = pack_conv_weight(weight, stride, padding, height, width);
}

at::Tensor Conv2d::operator()(const at::Tensor& x, const at::Tensor& added) const {
  return convolve(x, weight, bias, stride, padding, added);
}

}  // namespace fdbench
