// Medians and their bootstrap intervals.
#pragma once

#include <vector>

namespace fdbench {

/// Of the values that are finite; NaN when there is none.
double median(std::vector<double> values);
double mean_of_finite(const std::vector<double>& values);

struct Interval {
  double low, high;
};

/// 95% percentile bootstrap interval of the median, from 2000 resamples with a fixed seed; NaN for
/// fewer than two values.
Interval median_interval(const std::vector<double>& values);
/// The same of the mean.
Interval mean_interval(const std::vector<double>& values);

}  // namespace fdbench
