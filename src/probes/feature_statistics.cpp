#include "probes/feature_statistics.h"

#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "probes/feature_sums.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// How the values of one picture lie in memory.
struct Layout {
  std::int64_t channels, pixels;
  bool channels_last;
};

Layout layout_of(const at::Tensor& features) {
  // [n, tokens, d]
  if (features.dim() == 3) return {features.size(2), features.size(1), true};
  if (features.dim() != 4) {
    throw usage_error("features must be [n, d, h, w] or [n, tokens, d], not " +
                      c10::str(features.sizes()));
  }
  const std::int64_t pixels = features.size(2) * features.size(3);
  const bool channels_last =
      !features.is_contiguous() && features.is_contiguous(at::MemoryFormat::ChannelsLast);
  return {features.size(1), pixels, channels_last};
}

/// Float32 values in the given layout; without a copy where they already are.
at::Tensor laid_out(const at::Tensor& features, const Layout& layout) {
  const bool nhwc = features.dim() == 4 && layout.channels_last;
  return features.to(at::kFloat)
      .contiguous(nhwc ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

/// Standard deviation where the one-pass formula has lost its digits to cancellation.
double two_pass_std(const float* values, std::int64_t count, double mean) {
  double sum = 0;
  for (std::int64_t i = 0; i < count; ++i) sum += (values[i] - mean) * (values[i] - mean);
  return std::sqrt(sum / static_cast<double>(count));
}

double std_of(const FeatureSums& sums, const float* values, std::int64_t count, double mean) {
  const double mean_square = sums.sum_of_squares / static_cast<double>(count);
  const double variance = mean_square - mean * mean;
  // Of the mean square: leaves ten of float64's sixteen digits.
  constexpr double kSafe = 1e-6;
  if (variance < kSafe * mean_square) return two_pass_std(values, count, mean);
  return std::sqrt(variance);
}

FeatureStatistics empty_statistics(std::int64_t n) {
  const auto options = at::TensorOptions().dtype(at::kDouble);
  return {at::empty({n}, options), at::empty({n}, options), at::empty({n}, options),
          at::empty({n}, options)};
}

FeatureStatistics cpu_statistics(const at::Tensor& features, const at::Tensor& previous) {
  const Layout layout = layout_of(features);
  const at::Tensor now = laid_out(features, layout);
  const at::Tensor before = previous.defined() ? laid_out(previous, layout) : at::Tensor();
  const std::int64_t n = features.size(0), count = layout.channels * layout.pixels;
  const FeatureStatistics statistics = empty_statistics(n);
  std::vector<double> map(layout.pixels);
  for (std::int64_t picture = 0; picture < n; ++picture) {
    const float* values = now.const_data_ptr<float>() + picture * count;
    const float* old =
        before.defined() ? before.const_data_ptr<float>() + picture * count : nullptr;
    const FeatureSums sums =
        feature_sums(values, old, layout.channels, layout.pixels, layout.channels_last, map);
    const double mean = sums.sum / static_cast<double>(count);
    statistics.mse.mutable_data_ptr<double>()[picture] =
        old == nullptr ? kNan : sums.squared_change / static_cast<double>(count);
    statistics.frobenius.mutable_data_ptr<double>()[picture] =
        std::sqrt(sums.squared_map) / static_cast<double>(layout.channels);
    statistics.mean.mutable_data_ptr<double>()[picture] = mean;
    statistics.std.mutable_data_ptr<double>()[picture] = std_of(sums, values, count, mean);
  }
  return statistics;
}

/// On another device: the same with ATen's reductions.
FeatureStatistics device_statistics(const at::Tensor& features, const at::Tensor& previous) {
  const at::Tensor now = features.to(at::kDouble);
  const std::int64_t channel_axis = layout_of(features).channels_last && now.dim() == 3 ? 2 : 1;
  const at::Tensor flat = now.flatten(1);
  FeatureStatistics statistics;
  statistics.mse = previous.defined() ? (now - previous.to(at::kDouble)).pow(2).flatten(1).mean(1)
                                      : at::full_like(flat.select(1, 0), kNan);
  statistics.frobenius = now.mean(channel_axis).flatten(1).norm(2, {1});
  statistics.mean = flat.mean(1);
  statistics.std = at::std(flat, at::OptionalIntArrayRef({1}), at::Scalar(0));
  for (at::Tensor* values :
       {&statistics.mse, &statistics.frobenius, &statistics.mean, &statistics.std}) {
    *values = values->to(at::kCPU);
  }
  return statistics;
}

}  // namespace

FeatureStatistics feature_statistics(const at::Tensor& features, const at::Tensor& previous) {
  if (previous.defined() && previous.sizes() != features.sizes()) {
    throw usage_error("features " + c10::str(features.sizes()) +
                      " cannot be compared with those of the previous step, " +
                      c10::str(previous.sizes()));
  }
  if (features.numel() == 0) throw usage_error("there are no features to measure");
  return features.is_cpu() ? cpu_statistics(features, previous)
                           : device_statistics(features, previous);
}

}  // namespace fdbench
