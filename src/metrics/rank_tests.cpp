#include "metrics/rank_tests.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

namespace fdbench {
namespace {

constexpr std::size_t kMostExact = 60, kMostExactPairs = 200;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void keep_finite(std::vector<double>& values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
}

/// Midranks times two (so that they are whole numbers), in the order of the values.
std::vector<int> doubled_midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<int> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    for (std::size_t i = first; i < end; ++i) {
      // 2 * mean of first + 1 ... end.
      ranks[order[i]] = static_cast<int>(first + end + 1);
    }
    first = end;
  }
  return ranks;
}

/// Share of the probability at or below `sum` and at or above it. probabilities: of each sum.
RankTest sides(const std::vector<double>& probabilities, int sum) {
  double below = 0, above = 0;
  for (int s = 0; s < static_cast<int>(probabilities.size()); ++s) {
    if (s <= sum) below += probabilities[s];
    if (s >= sum) above += probabilities[s];
  }
  return {std::min(1.0, below), std::min(1.0, 2 * std::min(below, above))};
}

/// Probability of each sum of `count` of the ranks when all choices are alike.
std::vector<double> subset_sums(const std::vector<int>& ranks, std::size_t count) {
  const int most = std::accumulate(ranks.begin(), ranks.end(), 0);
  std::vector<std::vector<double>> ways(count + 1, std::vector<double>(most + 1, 0.0));
  ways[0][0] = 1;
  std::size_t seen = 0;
  for (const int rank : ranks) {
    ++seen;
    for (std::size_t k = std::min(count, seen); k > 0; --k) {
      for (int s = rank; s <= most; ++s) ways[k][s] += ways[k - 1][s - rank];
    }
  }
  const double all = std::accumulate(ways[count].begin(), ways[count].end(), 0.0);
  for (double& way : ways[count]) way /= all;
  return ways[count];
}

/// Probability of each sum of the ranks when each counts or not by a fair coin.
std::vector<double> coin_sums(const std::vector<int>& ranks) {
  const int most = std::accumulate(ranks.begin(), ranks.end(), 0);
  std::vector<double> chance(most + 1, 0.0);
  chance[0] = 1;
  for (const int rank : ranks) {
    for (int s = most; s >= 0; --s) {
      chance[s] = 0.5 * (chance[s] + (s >= rank ? chance[s - rank] : 0.0));
    }
  }
  return chance;
}

double normal_below(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

/// sum, mean, deviation: of doubled ranks.
RankTest normal_test(double sum, double mean, double deviation) {
  if (deviation <= 0) return {};
  const double below = normal_below((sum - mean + 1) / deviation);
  const double above = normal_below(-(sum - mean - 1) / deviation);
  return {below, std::min(1.0, 2 * std::min(below, above))};
}

double variance(const std::vector<int>& ranks) {
  const double mean = std::accumulate(ranks.begin(), ranks.end(), 0.0) / ranks.size();
  double sum = 0;
  for (const int rank : ranks) sum += (rank - mean) * (rank - mean);
  return sum / static_cast<double>(ranks.size() - 1);
}

/// Largest number of pairwise differences that may be cut off on each side: the largest c with
/// P(U < c) at most half of 1 - confidence, for samples without ties.
std::size_t cut_off(std::size_t n, std::size_t m, double confidence) {
  const double allowed = (1 - confidence) / 2;
  if (std::max(n, m) > kMostExact) {
    const double mean = 0.5 * n * m, deviation = std::sqrt(n * m * (n + m + 1) / 12.0);
    double c = mean;
    while (c > 0 && normal_below((c - 1 - mean + 0.5) / deviation) > allowed) --c;
    return static_cast<std::size_t>(std::max(0.0, c));
  }
  std::vector<int> ranks(n + m);
  std::iota(ranks.begin(), ranks.end(), 1);
  const std::vector<double> chance = subset_sums(ranks, n);
  const std::size_t least = n * (n + 1) / 2;
  double below = 0;
  std::size_t c = 0;
  while (c < n * m && below + chance[least + c] <= allowed) below += chance[least + c++];
  return c;
}

}  // namespace

RankTest mann_whitney(std::vector<double> a, std::vector<double> b) {
  keep_finite(a);
  keep_finite(b);
  if (a.empty() || b.empty()) return {};
  std::vector<double> all = a;
  all.insert(all.end(), b.begin(), b.end());
  const std::vector<int> ranks = doubled_midranks(all);
  const int sum = std::accumulate(ranks.begin(), ranks.begin() + a.size(), 0);
  if (std::max(a.size(), b.size()) <= kMostExact) return sides(subset_sums(ranks, a.size()), sum);
  const double n = static_cast<double>(a.size()), m = static_cast<double>(b.size());
  return normal_test(sum, n * (n + m + 1), std::sqrt(n * m / (n + m) * variance(ranks)));
}

RankTest signed_rank(const std::vector<double>& differences) {
  std::vector<double> sizes, kept;
  for (const double difference : differences) {
    if (difference == 0 || !std::isfinite(difference)) continue;
    kept.push_back(difference);
    sizes.push_back(std::abs(difference));
  }
  if (kept.empty()) return {};
  const std::vector<int> ranks = doubled_midranks(sizes);
  int sum = 0;
  double squares = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (kept[i] > 0) sum += ranks[i];
    squares += static_cast<double>(ranks[i]) * ranks[i];
  }
  if (kept.size() <= kMostExactPairs) return sides(coin_sums(ranks), sum);
  const double mean = 0.5 * std::accumulate(ranks.begin(), ranks.end(), 0.0);
  return normal_test(sum, mean, 0.5 * std::sqrt(squares));
}

bool can_be_certain(std::size_t before, std::size_t now, double confidence) {
  if (before == 0 || now == 0) return false;
  // Of dealing the samples: binomial(before + now, now).
  double ways = 1;
  for (std::size_t i = 1; i <= now; ++i) ways *= static_cast<double>(before + i) / i;
  return 1 / ways <= (1 - confidence) / 2;
}

Shift shift_between(std::vector<double> a, std::vector<double> b, double confidence) {
  keep_finite(a);
  keep_finite(b);
  if (a.empty() || b.empty()) return {kNan, {kNan, kNan}};
  std::vector<double> differences;
  for (const double x : a) {
    for (const double y : b) differences.push_back(x - y);
  }
  std::sort(differences.begin(), differences.end());
  const std::size_t cut = cut_off(a.size(), b.size(), confidence);
  if (cut == 0) return {median(differences), {-kInfinity, kInfinity}};
  return {median(differences), {differences[cut - 1], differences[differences.size() - cut]}};
}

Shift ratio_between(std::vector<double> a, std::vector<double> b, double confidence) {
  for (std::vector<double>* values : {&a, &b}) {
    for (double& value : *values) value = std::log(value);
  }
  const Shift shift = shift_between(std::move(a), std::move(b), confidence);
  return {std::exp(shift.estimate), {std::exp(shift.interval.low), std::exp(shift.interval.high)}};
}

}  // namespace fdbench
