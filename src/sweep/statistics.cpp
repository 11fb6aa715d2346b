#include "sweep/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace fdbench {
namespace {

constexpr int kNumResamples = 2000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void keep_finite(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
}

/// sorted: not empty; linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// statistic: of a resample.
template <typename Statistic>
Interval bootstrap_interval(std::vector<double> values, const Statistic& statistic) {
  keep_finite(values);
  if (values.size() < 2) return {kNan, kNan};
  std::mt19937_64 random(0);
  std::vector<double> statistics, resample(values.size());
  for (int i = 0; i < kNumResamples; ++i) {
    for (double& pick : resample) pick = values[random() % values.size()];
    statistics.push_back(statistic(resample));
  }
  std::sort(statistics.begin(), statistics.end());
  return {quantile(statistics, 0.025), quantile(statistics, 0.975)};
}

}  // namespace

double median(std::vector<double> values) {
  keep_finite(values);
  if (values.empty()) return kNan;
  std::sort(values.begin(), values.end());
  return quantile(values, 0.5);
}

double mean_of_finite(const std::vector<double>& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? kNan : sum / count;
}

Interval median_interval(const std::vector<double>& values) {
  return bootstrap_interval(values, [](const auto& sample) { return median(sample); });
}

Interval mean_interval(const std::vector<double>& values) {
  return bootstrap_interval(values, [](const auto& sample) { return mean_of_finite(sample); });
}

}  // namespace fdbench
