// Exact rank tests, and the interval of a shift that follows from one of them.
#pragma once

#include <vector>

#include "metrics/statistics.h"

namespace fdbench {

/// A one-sided and a two-sided probability under "no difference".
struct RankTest {
  /// Of a rank sum as low as the one seen, or lower.
  double less = 1;
  /// Twice the smaller side, at most 1.
  double two_sided = 1;
};

/// Mann-Whitney test of two independent samples: are values of `a` smaller than those of `b`?
/// Exact, ties included (all ways of dealing the midranks), up to 60 values a side; beyond that the
/// normal approximation with correction for ties and continuity. Only finite values count; 1 where
/// a side has none. Source: Mann and Whitney 1947; exact distribution by counting.
RankTest mann_whitney(std::vector<double> a, std::vector<double> b);

/// Wilcoxon's signed-rank test of paired differences: are they below zero? Zeros are left out;
/// exact with ties up to 200 differences, then the normal approximation. Source: Wilcoxon 1945.
RankTest signed_rank(const std::vector<double>& differences);

/// True when so many against so many independent samples can be certain: when the most extreme of
/// all ways of dealing them is as rare as the confidence demands of one side.
bool can_be_certain(std::size_t before, std::size_t now, double confidence);

/// Shift of `a` against `b`: median of all differences a - b (Hodges and Lehmann 1963) with the
/// interval of the given confidence that inverts the Mann-Whitney test. An interval that so few
/// values cannot give reaches to infinity; estimate and ends are NaN where a side is empty.
struct Shift {
  double estimate;
  Interval interval;
};
Shift shift_between(std::vector<double> a, std::vector<double> b, double confidence);

/// a / b in the same way: the shift of the logarithms. All values above 0.
Shift ratio_between(std::vector<double> a, std::vector<double> b, double confidence);

}  // namespace fdbench
