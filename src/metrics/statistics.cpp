#include "metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr int kNumResamples = 2000;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void keep_finite(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
}

/// An interval over what is left of values that were measured would be too good.
void refuse_nan(const std::vector<double>& values) {
  const auto found = std::find_if_not(values.begin(), values.end(),
                                      [](double value) { return std::isfinite(value); });
  if (found == values.end()) return;
  throw runtime_error("a bootstrap interval of values that are not numbers (" +
                      std::to_string(found - values.begin() + 1) + " of " +
                      std::to_string(values.size()) + ")");
}

/// sorted: not empty; linear between neighbours.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

Interval interval_of(std::vector<double> statistics) {
  std::sort(statistics.begin(), statistics.end());
  return {quantile(statistics, 0.025), quantile(statistics, 0.975)};
}

/// statistic: of a resample.
template <typename Statistic>
Interval bootstrap_interval(std::vector<double> values, const Statistic& statistic) {
  refuse_nan(values);
  if (values.size() < 2) return {kNan, kNan};
  std::mt19937_64 random(0);
  std::vector<double> statistics, resample(values.size());
  for (int i = 0; i < kNumResamples; ++i) {
    for (double& pick : resample) pick = values[random() % values.size()];
    statistics.push_back(statistic(resample));
  }
  return interval_of(std::move(statistics));
}

/// The finite values of each group, in the order of the groups' numbers.
std::vector<std::vector<double>> grouped(const std::vector<double>& values,
                                         const std::vector<int>& groups) {
  std::map<int, std::vector<double>> by_number;
  for (std::size_t i = 0; i < std::min(values.size(), groups.size()); ++i) {
    if (std::isfinite(values[i])) by_number[groups[i]].push_back(values[i]);
  }
  std::vector<std::vector<double>> result;
  for (auto& [number, members] : by_number) result.push_back(std::move(members));
  return result;
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

std::size_t count_groups(const std::vector<int>& groups) {
  return std::set<int>(groups.begin(), groups.end()).size();
}

std::vector<double> group_medians(const std::vector<double>& values,
                                  const std::vector<int>& groups) {
  std::vector<double> medians;
  for (std::vector<double>& members : grouped(values, groups)) {
    medians.push_back(median(std::move(members)));
  }
  return medians;
}

Interval median_interval(const std::vector<double>& values, const std::vector<int>& groups) {
  refuse_nan(values);
  const std::vector<std::vector<double>> members = grouped(values, groups);
  if (members.size() < 2) return median_interval(values);
  std::mt19937_64 random(0);
  std::vector<double> statistics;
  for (int i = 0; i < kNumResamples; ++i) {
    std::vector<double> resample;
    for (std::size_t g = 0; g < members.size(); ++g) {
      const std::vector<double>& drawn = members[random() % members.size()];
      for (std::size_t k = 0; k < drawn.size(); ++k) {
        resample.push_back(drawn[random() % drawn.size()]);
      }
    }
    statistics.push_back(median(std::move(resample)));
  }
  return interval_of(std::move(statistics));
}

Interval mean_interval(const std::vector<double>& values) {
  return bootstrap_interval(values, [](const auto& sample) { return mean_of_finite(sample); });
}

}  // namespace fdbench
