// Convolutions and linear layers of oneDNN with weights in its own order, through the operators
// that torch's compiler uses (mkldnn::_convolution_pointwise, mkldnn::_linear_pointwise).
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// weight: [out, in, k, k] -> an opaque tensor of the same sizes in the order that suits feature
/// maps of [2, in, height, width]; other sizes work too. `weight` itself where the CPU or the dtype
/// has no such layers.
at::Tensor pack_conv_weight(const at::Tensor& weight, std::int64_t stride, std::int64_t padding,
                            std::int64_t height, std::int64_t width);
/// weight: [out, in] -> an opaque tensor of the same sizes. `weight` itself where there is no such
/// layer.
at::Tensor pack_linear_weight(const at::Tensor& weight);

/// weight: packed or plain; bias may be undefined. added: of the result's shape, added to it; may
/// be undefined. A packed one gives channels-last memory.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    std::int64_t stride, std::int64_t padding, const at::Tensor& added = {});
/// x: [..., in] -> [..., out]; weight packed or plain; added as in `convolve`.
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  const at::Tensor& added = {});

}  // namespace fdbench
