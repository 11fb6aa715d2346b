#include "nn/sampling.h"

namespace fdbench {

Downsample2D::Downsample2D(const WeightScope& scope, std::int64_t channels, std::int64_t padding)
    : conv(scope / "conv", channels, channels, 3, 2, padding) {}

at::Tensor Downsample2D::operator()(const at::Tensor& x) const {
  return conv.padding == 0 ? conv(at::constant_pad_nd(x, {0, 1, 0, 1}, 0)) : conv(x);
}

Upsample2D::Upsample2D(const WeightScope& scope, std::int64_t channels)
    : conv(scope / "conv", channels, channels, 3) {}

at::Tensor Upsample2D::operator()(const at::Tensor& x, std::int64_t height,
                                  std::int64_t width) const {
  return conv(at::upsample_nearest2d(x, {height, width}));
}

}  // namespace fdbench
