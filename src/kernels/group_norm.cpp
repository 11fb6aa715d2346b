#include "kernels/group_norm.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "kernels/batch.h"
#include "kernels/channels_last.h"
#include "kernels/grain.h"
#include "kernels/simd.h"

namespace fdbench {
namespace {

using simd::Floats;
using simd::kWidth;

/// Pixels are summed in this many parts, whatever the number of threads: the result never depends
/// on it.
constexpr std::int64_t kParts = 8;

/// Some channels of some pixels of one picture.
template <typename T>
struct Pixels {
  const T* x;
  /// Between pixels.
  std::int64_t stride;
  /// Or nullptr.
  const T* partial;
  std::int64_t partial_stride;
  /// By channel, or nullptr.
  const float* shift;
  std::int64_t channels;
  std::int64_t begin, end;
};

template <typename T>
FDBENCH_INLINE Floats value_at(const Pixels<T>& pixels, std::int64_t pixel, std::int64_t channel,
                               std::int64_t count) {
  const T* x = pixels.x + pixel * pixels.stride + channel;
  Floats value = count == kWidth ? simd::load(x) : simd::load_some(x, count);
  if (pixels.partial != nullptr) {
    const T* partial = pixels.partial + pixel * pixels.partial_stride + channel;
    value += count == kWidth ? simd::load(partial) : simd::load_some(partial, count);
  }
  if (pixels.shift != nullptr) {
    const float* shift = pixels.shift + channel;
    value += count == kWidth ? simd::load(shift) : simd::load_some(shift, count);
  }
  return value;
}

/// Adds up each channel's values and squares over the pixels.
template <typename T>
FDBENCH_INLINE void sum_channels(Pixels<T> pixels, double* sums, double* squares) {
  using Doubles = double __attribute__((vector_size(64)));
  using HalfFloats = float __attribute__((vector_size(32)));
  for (std::int64_t channel = 0; channel < pixels.channels; channel += kWidth) {
    const std::int64_t count = std::min(kWidth, pixels.channels - channel);
    std::array<Doubles, 2> sum = {}, square = {};
    for (std::int64_t pixel = pixels.begin; pixel < pixels.end; ++pixel) {
      const Floats value = value_at(pixels, pixel, channel, count);
      std::array<HalfFloats, 2> halves;
      std::memcpy(halves.data(), &value, sizeof value);
      for (std::size_t i = 0; i < 2; ++i) {
        const Doubles wide = __builtin_convertvector(halves[i], Doubles);
        sum[i] += wide;
        square[i] += wide * wide;
      }
    }
    for (std::int64_t i = 0; i < count; ++i) {
      sums[channel + i] = sum[i / 8][i % 8];
      squares[channel + i] = square[i / 8][i % 8];
    }
  }
}

/// y = act(x * scale + offset), by channel.
template <typename T>
FDBENCH_INLINE void normalise(Pixels<T> pixels, const float* scale, const float* offset, bool silu,
                              T* y, std::int64_t y_stride) {
  for (std::int64_t pixel = pixels.begin; pixel < pixels.end; ++pixel) {
    T* out = y + pixel * y_stride;
    for (std::int64_t channel = 0; channel < pixels.channels; channel += kWidth) {
      const std::int64_t count = std::min(kWidth, pixels.channels - channel);
      const bool whole = count == kWidth;
      const Floats a =
          whole ? simd::load(scale + channel) : simd::load_some(scale + channel, count);
      const Floats b =
          whole ? simd::load(offset + channel) : simd::load_some(offset + channel, count);
      Floats value = value_at(pixels, pixel, channel, count) * a + b;
      if (silu) value = simd::silu(value);
      if (whole) {
        simd::store(out + channel, value);
      } else {
        simd::store_some(out + channel, value, count);
      }
    }
  }
}

FDBENCH_BEST_OF(sum_channels)
FDBENCH_BEST_OF(normalise)

/// The operands as channels-last memory.
template <typename T>
class FusedGroupNorm {
 public:
  FusedGroupNorm(const GroupNormInput& input, std::int64_t groups, double eps)
      : x_(pixel_rows(input.x)),
        batch_(x_.size(0)),
        num_pixels_(x_.size(2) * x_.size(3)),
        groups_(groups),
        eps_(eps) {
    if (input.channels.defined()) more_ = pixel_rows(input.channels);
    if (input.partial.defined()) partial_ = pixel_rows(input.partial);
    if (input.shift.defined()) shift_ = input.shift.to(at::kFloat).contiguous();
    x_channels_ = x_.size(1);
    channels_ = x_channels_ + (more_.defined() ? more_.size(1) : 0);
  }

  at::Tensor run(const at::Tensor& weight, const at::Tensor& bias, bool silu) {
    const std::vector<double> moments = measure();
    const at::Tensor scale_and_offset = affine(moments, weight, bias);
    at::Tensor y = at::empty({batch_, channels_, x_.size(2), x_.size(3)}, x_.options(),
                             at::MemoryFormat::ChannelsLast);
    T* out = y.data_ptr<T>();
    const float* scale = scale_and_offset.const_data_ptr<float>();
    for_each_part([&](std::int64_t item, std::int64_t part) {
      const float* a = scale + item * 2 * channels_;
      T* to = out + item * num_pixels_ * channels_;
      best_normalise(pixels(item, part), a, a + channels_, silu, to, channels_);
      if (!more_.defined()) return;
      best_normalise(more(item, part), a + x_channels_, a + channels_ + x_channels_, silu,
                     to + x_channels_, channels_);
    });
    return y;
  }

 private:
  template <typename Work>
  void for_each_part(const Work& work) const {
    const std::int64_t grain = grain_size(batch_ * kParts, batch_ * num_pixels_ * channels_);
    at::parallel_for(0, batch_ * kParts, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) work(i / kParts, i % kParts);
    });
  }

  Pixels<T> pixels(std::int64_t item, std::int64_t part) const {
    Pixels<T> found{};
    found.x = row(x_, item);
    found.stride = pixel_stride(x_);
    if (partial_.defined()) {
      found.partial = row(partial_, item);
      found.partial_stride = pixel_stride(partial_);
    }
    if (shift_.defined()) {
      found.shift = shift_.const_data_ptr<float>() + item % shift_.size(0) * x_channels_;
    }
    found.channels = x_channels_;
    found.begin = num_pixels_ * part / kParts;
    found.end = num_pixels_ * (part + 1) / kParts;
    return found;
  }

  Pixels<T> more(std::int64_t item, std::int64_t part) const {
    Pixels<T> found = pixels(item, part);
    found.x = row(more_, item);
    found.stride = pixel_stride(more_);
    found.partial = nullptr;
    found.shift = nullptr;
    found.channels = more_.size(1);
    return found;
  }

  static const T* row(const at::Tensor& tensor, std::int64_t item) {
    return tensor.const_data_ptr<T>() + item % tensor.size(0) * tensor.stride(0);
  }

  /// [item][channel][sum, square] -> first all sums of an item, then all squares.
  std::vector<double> measure() const {
    std::vector<double> parts(static_cast<std::size_t>(batch_ * kParts * 2 * channels_));
    for_each_part([&](std::int64_t item, std::int64_t part) {
      double* sums = parts.data() + (item * kParts + part) * 2 * channels_;
      best_sum_channels(pixels(item, part), sums, sums + channels_);
      if (more_.defined()) {
        best_sum_channels(more(item, part), sums + x_channels_, sums + channels_ + x_channels_);
      }
    });
    std::vector<double> totals(static_cast<std::size_t>(batch_ * 2 * channels_));
    for (std::int64_t item = 0; item < batch_; ++item) {
      for (std::int64_t part = 0; part < kParts; ++part) {
        for (std::int64_t i = 0; i < 2 * channels_; ++i) {
          totals[item * 2 * channels_ + i] += parts[(item * kParts + part) * 2 * channels_ + i];
        }
      }
    }
    return totals;
  }

  /// -> [item][scale by channel, offset by channel]
  at::Tensor affine(const std::vector<double>& totals, const at::Tensor& weight,
                    const at::Tensor& bias) const {
    const at::Tensor weights = weight.to(at::kFloat), biases = bias.to(at::kFloat);
    const float* w = weights.const_data_ptr<float>();
    const float* b = biases.const_data_ptr<float>();
    at::Tensor result = at::empty({batch_, 2 * channels_}, at::kFloat);
    const std::int64_t width = channels_ / groups_;
    for (std::int64_t item = 0; item < batch_; ++item) {
      const double* sums = totals.data() + item * 2 * channels_;
      float* scale = result.mutable_data_ptr<float>() + item * 2 * channels_;
      for (std::int64_t first = 0; first < channels_; first += width) {
        double sum = 0, square = 0;
        for (std::int64_t c = first; c < first + width; ++c) {
          sum += sums[c];
          square += sums[channels_ + c];
        }
        const double count = static_cast<double>(num_pixels_ * width);
        const double mean = sum / count;
        const double variance = std::max(0.0, square / count - mean * mean);
        const double inverse = 1 / std::sqrt(variance + eps_);
        for (std::int64_t c = first; c < first + width; ++c) {
          scale[c] = static_cast<float>(w[c] * inverse);
          scale[channels_ + c] = static_cast<float>(b[c] - mean * w[c] * inverse);
        }
      }
    }
    return result;
  }

  at::Tensor x_, more_, partial_, shift_;
  std::int64_t batch_, num_pixels_, groups_;
  double eps_;
  std::int64_t x_channels_ = 0, channels_ = 0;
};

/// The same with ATen's operators.
at::Tensor plain_group_norm(const GroupNormInput& input, std::int64_t groups,
                            const at::Tensor& weight, const at::Tensor& bias, double eps) {
  const std::int64_t batch = input.x.size(0);
  at::Tensor x = input.x;
  if (input.partial.defined()) x = x + repeat_batch(input.partial, batch);
  if (input.shift.defined()) x = x + repeat_batch(input.shift.unsqueeze(2).unsqueeze(3), batch);
  if (input.channels.defined()) x = at::cat({x, repeat_batch(input.channels, batch)}, 1);
  return at::group_norm(x, groups, weight, bias, eps);
}

}  // namespace

at::Tensor group_norm(const GroupNormInput& input, std::int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, std::optional<Activation> activation) {
  const at::ScalarType dtype = input.x.scalar_type();
  const bool is_fused = input.x.is_cpu() && (dtype == at::kFloat || dtype == at::kBFloat16) &&
                        weight.scalar_type() == dtype;
  if (!is_fused) {
    at::Tensor y = plain_group_norm(input, groups, weight, bias, eps);
    return activation ? activate_in_place(std::move(y), *activation) : y;
  }
  RECORD_FUNCTION("fdbench::group_norm", std::vector<c10::IValue>());
  const bool silu = activation == Activation::kSilu;
  at::Tensor y = dtype == at::kFloat
                     ? FusedGroupNorm<float>(input, groups, eps).run(weight, bias, silu)
                     : FusedGroupNorm<at::BFloat16>(input, groups, eps).run(weight, bias, silu);
  return activation && !silu ? activate_in_place(std::move(y), *activation) : y;
}

}  // namespace fdbench
