#include "nn/resnet.h"

#include <algorithm>

#include "kernels/batch.h"
#include "kernels/channels_last.h"

namespace fdbench {
namespace {

/// A copy of some input channels' weights: the whole is freed.
at::Tensor columns(const at::Tensor& weight, std::int64_t begin, std::int64_t end) {
  return weight.slice(1, begin, end).contiguous();
}

}  // namespace

ResnetBlock2D::ResnetBlock2D(const WeightScope& scope, const ResnetOptions& options)
    : norm1_(scope / "norm1", options.in_channels, options.norm_num_groups, options.norm_eps),
      norm2_(scope / "norm2", options.out_channels, options.norm_num_groups, options.norm_eps),
      conv1_(scope / "conv1", options.in_channels, options.out_channels, 3),
      conv2_(scope / "conv2", options.out_channels, options.out_channels, 3),
      activation_(options.activation),
      scale_shift_(options.scale_shift),
      output_scale_factor_(options.output_scale_factor) {
  const std::int64_t in = options.in_channels, own = in - options.skip_channels;
  if (in != options.out_channels) {
    shortcut_ = Linear::from_conv(scope / "conv_shortcut", in, options.out_channels);
  }
  if (options.emb_channels > 0) {
    const std::int64_t width = options.out_channels * (scale_shift_ ? 2 : 1);
    time_emb_proj_ = Linear(scope / "time_emb_proj", options.emb_channels, width);
  }
  if (options.skip_channels == 0) return;
  const std::int64_t width = in / options.norm_num_groups, live_groups = (own + width - 1) / width;
  const std::int64_t live = live_groups * width;
  straddling_ = live - own;
  if (live < in) {
    norm1_skip_ = norm1_.slice(live_groups, options.norm_num_groups);
    norm1_ = norm1_.slice(0, live_groups);
    conv1_skip_ = conv1_;
    conv1_skip_.weight = columns(conv1_.weight, live, in);
    conv1_skip_.bias = at::Tensor();
    conv1_.weight = columns(conv1_.weight, 0, live);
  }
  if (!shortcut_.weight.defined()) return;
  shortcut_skip_.weight = columns(shortcut_.weight, own, in);
  shortcut_.weight = columns(shortcut_.weight, 0, own);
}

void ResnetBlock2D::pack(std::int64_t height, std::int64_t width) {
  for (Conv2d* conv : {&conv1_, &conv1_skip_, &conv2_}) {
    if (conv->weight.defined()) conv->pack(height, width);
  }
  for (Linear* layer : {&shortcut_, &shortcut_skip_, &time_emb_proj_}) {
    if (layer->weight.defined()) layer->pack();
  }
}

SkipTerm ResnetBlock2D::skip_term(const at::Tensor& skip) const {
  SkipTerm term;
  if (conv1_skip_.weight.defined()) {
    term.conv = conv1_skip_(norm1_skip_(skip.slice(1, straddling_), activation_));
  }
  term.shortcut =
      shortcut_skip_.weight.defined()
          ? as_feature_map(shortcut_skip_(as_tokens(skip)), skip.size(2), skip.size(3))
          : at::constant_pad_nd(skip, {0, 0, 0, 0, norm2_.weight.size(0) - skip.size(1), 0});
  return term;
}

at::Tensor ResnetBlock2D::operator()(const at::Tensor& x, const at::Tensor& emb) const {
  return finish(conv1_(norm1_(x, activation_)), {}, emb, own_shortcut(x, {}));
}

at::Tensor ResnetBlock2D::operator()(const at::Tensor& x, const at::Tensor& skip,
                                     const SkipTerm& term, const at::Tensor& emb) const {
  const std::int64_t batch = std::max(x.size(0), skip.size(0));
  // A group across the border mixes both inputs, so that x must be repeated for it.
  const at::Tensor own = straddling_ > 0 ? repeat_batch(x, batch) : x;
  GroupNormInput input{own, {}, {}, {}};
  if (straddling_ > 0) input.channels = skip.slice(1, 0, straddling_);
  const at::Tensor h = conv1_(norm1_(input, activation_));
  return finish(h, term.conv, emb,
                own_shortcut(repeat_batch(x, batch), repeat_batch(term.shortcut, batch)));
}

/// The shortcut of x plus `added`, both of the same batch. Where the block's input is its shortcut,
/// x is the first channels of it.
at::Tensor ResnetBlock2D::own_shortcut(const at::Tensor& x, const at::Tensor& added) const {
  if (shortcut_.weight.defined()) {
    const at::Tensor tokens =
        shortcut_(as_tokens(x), added.defined() ? as_tokens(added) : at::Tensor());
    return as_feature_map(tokens, x.size(2), x.size(3));
  }
  return added.defined()
             ? at::constant_pad_nd(x, {0, 0, 0, 0, 0, added.size(1) - x.size(1)}) + added
             : x;
}

/// h: a temporary, the output of conv1; partial: what is to be added to it, or undefined.
at::Tensor ResnetBlock2D::finish(at::Tensor h, const at::Tensor& partial, const at::Tensor& emb,
                                 const at::Tensor& shortcut) const {
  const bool timed = time_emb_proj_.weight.defined();
  const at::Tensor time = timed ? time_emb_proj_(emb) : at::Tensor();
  std::int64_t batch = std::max(h.size(0), shortcut.size(0));
  if (partial.defined()) batch = std::max(batch, partial.size(0));
  if (timed) batch = std::max(batch, emb.size(0));
  GroupNormInput input{repeat_batch(h, batch), {}, partial, {}};
  if (timed && !scale_shift_) input.shift = time;
  if (timed && scale_shift_) {
    const auto scale_and_shift = time.unsqueeze(2).unsqueeze(3).chunk(2, 1);
    h = norm2_(input, {});
    h.mul_(repeat_batch(scale_and_shift[0], batch) + 1)
        .add_(repeat_batch(scale_and_shift[1], batch));
    h = activate_in_place(std::move(h), activation_);
  } else {
    h = norm2_(input, activation_);
  }
  h = conv2_(h, repeat_batch(shortcut, batch));
  if (output_scale_factor_ != 1) h.div_(output_scale_factor_);
  return h;
}

std::int64_t ResnetBlock2D::multiply_adds(std::int64_t batch, std::int64_t height,
                                          std::int64_t width) const {
  const std::int64_t pixels = batch * height * width;
  std::int64_t sum = conv1_.multiply_adds(pixels) + conv2_.multiply_adds(pixels);
  if (shortcut_.weight.defined()) sum += shortcut_.multiply_adds(pixels);
  if (time_emb_proj_.weight.defined()) sum += time_emb_proj_.multiply_adds(batch);
  return sum + skip_multiply_adds(batch, height, width);
}

std::int64_t ResnetBlock2D::skip_multiply_adds(std::int64_t batch, std::int64_t height,
                                               std::int64_t width) const {
  const std::int64_t pixels = batch * height * width;
  std::int64_t sum = 0;
  if (conv1_skip_.weight.defined()) sum += conv1_skip_.multiply_adds(pixels);
  if (shortcut_skip_.weight.defined()) sum += shortcut_skip_.multiply_adds(pixels);
  return sum;
}

}  // namespace fdbench
