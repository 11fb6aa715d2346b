#include "nn/resnet.h"

namespace fdbench {

ResnetBlock2D::ResnetBlock2D(const WeightScope& scope, const ResnetOptions& options)
    : norm1(scope / "norm1", options.in_channels, options.norm_num_groups, options.norm_eps),
      norm2(scope / "norm2", options.out_channels, options.norm_num_groups, options.norm_eps),
      conv1(scope / "conv1", options.in_channels, options.out_channels, 3),
      conv2(scope / "conv2", options.out_channels, options.out_channels, 3),
      activation(options.activation),
      scale_shift(options.scale_shift),
      output_scale_factor(options.output_scale_factor) {
  if (options.in_channels != options.out_channels) {
    conv_shortcut = Conv2d(scope / "conv_shortcut", options.in_channels, options.out_channels, 1);
  }
  if (options.emb_channels > 0) {
    const std::int64_t width = options.out_channels * (scale_shift ? 2 : 1);
    time_emb_proj = Linear(scope / "time_emb_proj", options.emb_channels, width);
  }
}

/// h: a temporary, the output of conv1 -> the input of conv2 but for the activation.
at::Tensor ResnetBlock2D::add_embedding(at::Tensor h, const at::Tensor& emb) const {
  if (!time_emb_proj.weight.defined()) return norm2(h);
  const at::Tensor time = time_emb_proj(emb).unsqueeze(2).unsqueeze(3);
  if (!scale_shift) return norm2(h.add_(time));
  const auto scale_and_shift = time.chunk(2, 1);
  return norm2(h).mul_(scale_and_shift[0] + 1).add_(scale_and_shift[1]);
}

at::Tensor ResnetBlock2D::operator()(const at::Tensor& x, const at::Tensor& emb) const {
  at::Tensor h = conv1(activate_in_place(norm1(x), activation));
  h = conv2(activate_in_place(add_embedding(std::move(h), emb), activation));
  h.add_(conv_shortcut.weight.defined() ? conv_shortcut(x) : x);
  if (output_scale_factor != 1) h.div_(output_scale_factor);
  return h;
}

std::int64_t ResnetBlock2D::multiply_adds(std::int64_t batch, std::int64_t height,
                                          std::int64_t width) const {
  const std::int64_t pixels = batch * height * width;
  std::int64_t sum = conv1.multiply_adds(pixels) + conv2.multiply_adds(pixels);
  if (conv_shortcut.weight.defined()) sum += conv_shortcut.multiply_adds(pixels);
  if (time_emb_proj.weight.defined()) sum += time_emb_proj.multiply_adds(batch);
  return sum;
}

}  // namespace fdbench
