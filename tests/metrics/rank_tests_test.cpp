#include "metrics/rank_tests.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace fdbench {
namespace {

/// Sums of probabilities of a few hundred terms in float64.
constexpr double kRounding = 1e-12;

std::vector<double> normal_values(std::mt19937_64& random, int count, double mean) {
  std::normal_distribution<double> normal(mean, 1);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(normal(random));
  return values;
}

TEST(MannWhitney, IsExactForSmallSamples) {
  // All of a below all of b: one of C(10, 5) = 252 ways.
  const RankTest apart = mann_whitney({1, 2, 3, 4, 5}, {6, 7, 8, 9, 10});
  EXPECT_NEAR(apart.less, 1.0 / 252, kRounding);
  EXPECT_NEAR(apart.two_sided, 2.0 / 252, kRounding);  // 0.0079: five against five go no lower
  // Rank sums of 2 of {1, 2, 3, 4}: 3, 4, 5, 5, 6, 7; a has 1 + 3.
  EXPECT_NEAR(mann_whitney({1, 3}, {2, 4}).less, 2.0 / 6, kRounding);
  EXPECT_NEAR(mann_whitney({3, 4}, {1, 2}).less, 1, kRounding);
}

TEST(MannWhitney, CountsTiesByMidranks) {
  // Midranks 1.5, 1.5, 3.5, 3.5; of the six ways one has the sum 3 and four have 5.
  EXPECT_NEAR(mann_whitney({1, 1}, {2, 2}).less, 1.0 / 6, kRounding);
  EXPECT_NEAR(mann_whitney({1, 2}, {1, 2}).less, 5.0 / 6, kRounding);
  EXPECT_NEAR(mann_whitney({4, 4, 4}, {4, 4}).two_sided, 1, kRounding);
}

TEST(MannWhitney, LeavesOutWhatIsNotFinite) {
  EXPECT_EQ(mann_whitney({NAN}, {1, 2}).less, 1);
  EXPECT_NEAR(mann_whitney({1, 2, NAN}, {3, 4}).less, 1.0 / 6, kRounding);
}

TEST(MannWhitney, ApproximatesLargeSamples) {
  std::vector<double> a, b;
  for (int i = 0; i < 70; ++i) {
    a.push_back(i);
    b.push_back(i + 5.5);
  }
  // scipy's exact distribution; the approximation is good to three digits at this size.
  EXPECT_NEAR(mann_whitney(a, b).less, 0.061919, 1e-3);
  EXPECT_NEAR(mann_whitney(a, b).two_sided, 0.123837, 1e-3);
}

TEST(SignedRank, IsExact) {
  EXPECT_NEAR(signed_rank({-1, -2, -3}).less, 1.0 / 8, kRounding);
  EXPECT_NEAR(signed_rank({-1, -2, 3}).less, 5.0 / 8, kRounding);  // sums 0, 1, 2, 3, 3 of 8
  EXPECT_NEAR(signed_rank({0, 0, -1}).less, 1.0 / 2, kRounding);
  EXPECT_EQ(signed_rank({0, 0}).two_sided, 1);
}

TEST(ShiftBetween, FindsTheShiftAndItsInterval) {
  const Shift shift = shift_between({11, 12, 13, 14, 15, 16}, {1, 2, 3, 4, 5, 6}, 0.95);
  EXPECT_DOUBLE_EQ(shift.estimate, 10);
  // scipy's tables: for 6 against 6 at 95% five differences go on each side (critical U of 5).
  EXPECT_DOUBLE_EQ(shift.interval.low, 7);
  EXPECT_DOUBLE_EQ(shift.interval.high, 13);
}

TEST(ShiftBetween, HasNoEndWhereSoFewValuesCannotGiveOne) {
  const Shift shift = shift_between({1, 2}, {3, 4}, 0.99);
  EXPECT_EQ(shift.interval.low, -INFINITY);
  EXPECT_EQ(shift.interval.high, INFINITY);
  EXPECT_TRUE(std::isnan(shift_between({}, {1}, 0.9).estimate));
}

TEST(ShiftBetween, CoversTheTruthAsOftenAsItSays) {
  std::mt19937_64 random(2);
  constexpr int kTrials = 1000;
  int covered = 0;
  for (int i = 0; i < kTrials; ++i) {
    const Shift shift =
        shift_between(normal_values(random, 8, 1), normal_values(random, 10, 0), 0.9);
    covered += shift.interval.low <= 1 && 1 <= shift.interval.high;
  }
  // At least 90% (the distribution has steps); three standard deviations of 1000 throws are 2.8%.
  EXPECT_GT(covered, kTrials * (0.9 - 0.028));
  EXPECT_LT(covered, kTrials * 0.96);
}

TEST(CanBeCertain, CountsTheWaysOfDealing) {
  EXPECT_FALSE(can_be_certain(5, 5, 0.995));  // 1 / 252 > 0.0025
  EXPECT_TRUE(can_be_certain(6, 5, 0.995));   // 1 / 462
  EXPECT_FALSE(can_be_certain(0, 100, 0.9));
}

}  // namespace
}  // namespace fdbench
