#include "nn/control_embedding.h"

namespace fdbench {

ControlNetConditioningEmbedding::ControlNetConditioningEmbedding(
    const WeightScope& scope, std::int64_t conditioning_channels,
    const std::vector<std::int64_t>& widths, std::int64_t channels) {
  convs_.emplace_back(scope / "conv_in", conditioning_channels, widths.front(), 3);
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    const WeightScope blocks = scope / "blocks";
    convs_.emplace_back(blocks / (2 * i), widths[i], widths[i], 3);
    convs_.emplace_back(blocks / (2 * i + 1), widths[i], widths[i + 1], 3, 2, 1);
    factor_ *= 2;
  }
  convs_.emplace_back(scope / "conv_out", widths.back(), channels, 3);
}

at::Tensor ControlNetConditioningEmbedding::operator()(const at::Tensor& x) const {
  at::Tensor h = x;
  for (std::size_t i = 0; i < convs_.size(); ++i) {
    h = convs_[i](h);
    if (i + 1 < convs_.size()) h = activate_in_place(h, Activation::kSilu);
  }
  return h;
}

std::int64_t ControlNetConditioningEmbedding::multiply_adds(std::int64_t pixels) const {
  std::int64_t total = 0, side = factor_;
  for (const Conv2d& conv : convs_) {
    side /= conv.stride;
    total += conv.multiply_adds(pixels * side * side);
  }
  return total;
}

}  // namespace fdbench
