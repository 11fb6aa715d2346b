// Medians and their bootstrap intervals.
#pragma once

#include <cstddef>
#include <vector>

namespace fdbench {

/// Of the values that are finite; NaN when there is none.
double median(std::vector<double> values);
double mean_of_finite(const std::vector<double>& values);
/// How many different numbers there are.
std::size_t count_groups(const std::vector<int>& groups);
/// Median of each group, in the order of their numbers; groups: of each value.
std::vector<double> group_medians(const std::vector<double>& values,
                                  const std::vector<int>& groups);

struct Interval {
  double low, high;
};

/// 95% percentile bootstrap interval of the median, from 2000 resamples with a fixed seed; NaN for
/// fewer than two values. Throws a runtime error for values that are not finite, as those below do.
Interval median_interval(const std::vector<double>& values);
/// The same where values come in groups that differ, such as the rounds of one process: groups are
/// drawn, then values of each. groups: of each value; empty, or all alike: the plain interval.
Interval median_interval(const std::vector<double>& values, const std::vector<int>& groups);
/// The same of the mean.
Interval mean_interval(const std::vector<double>& values);

}  // namespace fdbench
