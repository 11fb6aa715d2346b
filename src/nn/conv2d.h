// Two-dimensional convolution.
#pragma once

#include "nn/weight_scope.h"

namespace fdbench {

struct Conv2d {
  /// [out, in, k, k], in oneDNN's order after pack().
  at::Tensor weight;
  /// [out]; undefined without one.
  at::Tensor bias;
  std::int64_t stride = 1;
  std::int64_t padding = 0;

  Conv2d() = default;
  /// kernel: odd side length; the default padding keeps height and width at stride 1.
  Conv2d(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel);
  Conv2d(const WeightScope& scope, std::int64_t in, std::int64_t out, std::int64_t kernel,
         std::int64_t stride, std::int64_t padding);

  /// Brings the weight into the order that the CPU reads fastest, for inputs of about height x
  /// width. Any input works before and after; results differ by rounding.
  void pack(std::int64_t height, std::int64_t width);
  /// x: [B, in, H, W]; added: of the result's shape, added to it, may be undefined -> [B, out, H',
  /// W'].
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& added = {}) const;
  /// For an output of `pixels` pixels in all (batch x height x width).
  std::int64_t multiply_adds(std::int64_t pixels) const { return pixels * weight.numel(); }
};

}  // namespace fdbench
