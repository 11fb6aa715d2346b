#include "probes/feature_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace fdbench {
namespace {

/// Sums over the channels at every position: three arrays, so that the inner loop has no reduction
/// and vectorises.
struct PositionSums {
  explicit PositionSums(std::int64_t positions)
      : value(positions), square(positions), change(positions) {}
  std::vector<double> value, square, change;
};

template <typename Scalar>
void add_channels(const Scalar* features, const Scalar* previous, std::int64_t channels,
                  PositionSums& sums) {
  const std::int64_t positions = static_cast<std::int64_t>(sums.value.size());
  double* value = sums.value.data();
  double* square = sums.square.data();
  double* change = sums.change.data();
  for (std::int64_t c = 0; c < channels; ++c) {
    const Scalar* now = features + c * positions;
    for (std::int64_t i = 0; i < positions; ++i) {
      const double x = static_cast<float>(now[i]);
      value[i] += x;
      square[i] += x * x;
    }
    if (previous == nullptr) continue;
    const Scalar* before = previous + c * positions;
    for (std::int64_t i = 0; i < positions; ++i) {
      const double d = static_cast<double>(static_cast<float>(now[i])) -
                       static_cast<double>(static_cast<float>(before[i]));
      change[i] += d * d;
    }
  }
}

struct PictureStatistics {
  double mse, frobenius, mean, std;
};

PictureStatistics summarise(const PositionSums& sums, std::int64_t channels, bool has_previous) {
  double value = 0, square = 0, change = 0, map_square = 0;
  for (std::size_t i = 0; i < sums.value.size(); ++i) {
    const double channel_mean = sums.value[i] / static_cast<double>(channels);
    map_square += channel_mean * channel_mean;
    value += sums.value[i];
    square += sums.square[i];
    change += sums.change[i];
  }
  const double count = static_cast<double>(channels) * static_cast<double>(sums.value.size());
  const double mean = value / count;
  return {has_previous ? change / count : std::numeric_limits<double>::quiet_NaN(),
          std::sqrt(map_square), mean, std::sqrt(std::max(0.0, square / count - mean * mean))};
}

/// features, previous: [n, channels, positions], contiguous, on the CPU.
template <typename Scalar>
FeatureStatistics statistics_cpu(const at::Tensor& features, const at::Tensor& previous) {
  const std::int64_t n = features.size(0), channels = features.size(1),
                     positions = features.size(2);
  const at::TensorOptions options = at::TensorOptions().dtype(at::kDouble);
  FeatureStatistics result{at::empty({n}, options), at::empty({n}, options),
                           at::empty({n}, options), at::empty({n}, options)};
  for (std::int64_t picture = 0; picture < n; ++picture) {
    PositionSums sums(positions);
    const std::int64_t offset = picture * channels * positions;
    const Scalar* before =
        previous.defined() ? previous.const_data_ptr<Scalar>() + offset : nullptr;
    add_channels(features.const_data_ptr<Scalar>() + offset, before, channels, sums);
    const PictureStatistics values = summarise(sums, channels, previous.defined());
    result.mse.data_ptr<double>()[picture] = values.mse;
    result.frobenius.data_ptr<double>()[picture] = values.frobenius;
    result.mean.data_ptr<double>()[picture] = values.mean;
    result.std.data_ptr<double>()[picture] = values.std;
  }
  return result;
}

/// The same on any device by ATen operators, in float64.
FeatureStatistics statistics_on_device(const at::Tensor& features, const at::Tensor& previous) {
  const at::Tensor x = features.to(at::kDouble);
  const at::Tensor mse =
      previous.defined()
          ? (x - previous.to(at::kDouble)).square().mean({1, 2})
          : at::full({x.size(0)}, std::numeric_limits<double>::quiet_NaN(), x.options());
  const at::Tensor frobenius = x.mean(1).square().sum(1).sqrt();
  const at::Tensor std = x.var({1, 2}, /*unbiased=*/false).sqrt();
  return {mse.cpu(), frobenius.cpu(), x.mean({1, 2}).cpu(), std.cpu()};
}

/// [n, d, h, w] or [n, tokens, d] -> [n, channels, positions], contiguous.
at::Tensor as_planes(const at::Tensor& features) {
  if (!features.defined()) return features;
  const at::Tensor planes = features.dim() == 3 ? features.transpose(1, 2) : features.flatten(2);
  return planes.contiguous();
}

}  // namespace

FeatureStatistics feature_statistics(const at::Tensor& features, const at::Tensor& previous) {
  const at::Tensor now = as_planes(features), before = as_planes(previous);
  if (!features.is_cpu()) return statistics_on_device(now, before);
  switch (features.scalar_type()) {
    case at::kFloat:
      return statistics_cpu<float>(now, before);
    case at::kHalf:
      return statistics_cpu<at::Half>(now, before);
    case at::kBFloat16:
      return statistics_cpu<at::BFloat16>(now, before);
    default:
      return statistics_on_device(now, before);
  }
}

}  // namespace fdbench
