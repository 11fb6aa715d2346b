#include "metrics/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Median, IsTheMiddle) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({kNan, 5}), 5);
  EXPECT_TRUE(std::isnan(median({})));
}

TEST(MeanOfFinite, LeavesOutWhatIsNotFinite) {
  EXPECT_EQ(mean_of_finite({1, kNan, 3, std::numeric_limits<double>::infinity()}), 2);
  EXPECT_TRUE(std::isnan(mean_of_finite({kNan})));
}

TEST(MedianInterval, HoldsTheMedianAndIsTheSameEachTime) {
  const std::vector<double> values = {1.3, 1.5, 1.4, 1.6, 1.45, 1.38, 1.52, 1.41};
  const Interval interval = median_interval(values);
  EXPECT_LT(interval.low, median(values));
  EXPECT_GT(interval.high, median(values));
  EXPECT_EQ(interval.low, median_interval(values).low);
}

TEST(MedianInterval, NeedsTwoValues) {
  EXPECT_TRUE(std::isnan(median_interval({1}).low));
  EXPECT_EQ(median_interval({2, 2}).high, 2);
}

TEST(MedianInterval, RefusesWhatIsNoNumber) {
  EXPECT_THROW(median_interval({1, kNan, 2}), Error);
  EXPECT_THROW(median_interval({1, kNan, 2}, {0, 0, 1}), Error);
  EXPECT_THROW(mean_interval({1, std::numeric_limits<double>::infinity()}), Error);
}

TEST(GroupMedians, AreInTheOrderOfTheGroups) {
  EXPECT_EQ(group_medians({5, 1, 3, 7, kNan}, {2, 0, 0, 2, 0}), (std::vector<double>{2, 6}));
}

TEST(MedianInterval, OfOneGroupIsThePlainOne) {
  const std::vector<double> values = {1.3, 1.5, 1.4, 1.6};
  EXPECT_EQ(median_interval(values, {0, 0, 0, 0}).low, median_interval(values).low);
  EXPECT_EQ(median_interval(values, {}).high, median_interval(values).high);
}

TEST(MedianInterval, OfGroupsKnowsThatTheyDiffer) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> of_process(1.5, 0.1), of_round(0, 0.01);
  int covered = 0, covered_by_plain = 0;
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<double> values;
    std::vector<int> groups;
    for (int group = 0; group < 10; ++group) {
      const double center = of_process(random);
      for (int round = 0; round < 5; ++round) {
        values.push_back(center + of_round(random));
        groups.push_back(group);
      }
    }
    const auto covers = [](const Interval& interval) {
      return interval.low <= 1.5 && 1.5 <= interval.high;
    };
    covered += covers(median_interval(values, groups));
    covered_by_plain += covers(median_interval(values));
  }
  EXPECT_GE(covered, 86);           // 95% asked for; four standard deviations are 9
  EXPECT_LE(covered_by_plain, 80);  // rounds of one process taken for independent
}

TEST(MedianInterval, CoversTheTrueMedianAboutAsOftenAsItSays) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(1.5, 0.1);
  int covered = 0;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> values(25);
    for (double& value : values) value = normal(random);
    const Interval interval = median_interval(values);
    covered += interval.low <= 1.5 && 1.5 <= interval.high;
  }
  EXPECT_GE(covered, 178);  // 95% of 200 is 190; four standard deviations are 12
}

}  // namespace
}  // namespace fdbench
