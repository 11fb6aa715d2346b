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

Interval median_interval(const std::vector<double>& given) {
  std::vector<double> values = given;
  keep_finite(values);
  if (values.size() < 2) return {kNan, kNan};
  std::mt19937_64 random(0);
  std::vector<double> medians, resample(values.size());
  for (int i = 0; i < kNumResamples; ++i) {
    for (double& pick : resample) pick = values[random() % values.size()];
    medians.push_back(median(resample));
  }
  std::sort(medians.begin(), medians.end());
  return {quantile(medians, 0.025), quantile(medians, 0.975)};
}

}  // namespace fdbench
