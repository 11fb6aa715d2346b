#include "metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "metrics/frechet_distance.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

constexpr int kResamples = 200;

at::Tensor rows(std::uint64_t seed) { return noise({200, 4}, seed).to(at::kDouble); }

/// Distances to a fixed reference: the value and its resamples.
struct Judged {
  explicit Judged(const at::Tensor& features) {
    const Moments reference = moments_of(rows(1));
    value = frechet_distance(moments_of(features), reference);
    resampled = resampled_frechet_distances(features, reference, kResamples, 0);
  }
  double value;
  std::vector<double> resampled;
};

Interval change(const Judged& after, const Judged& before) {
  return interval_around(after.value - before.value,
                         differences(after.resampled, before.resampled));
}

TEST(Bootstrap, TheIntervalHoldsTheValue) {
  const Judged judged(rows(2) + 0.5);
  const Interval interval = interval_around(judged.value, judged.resampled);
  EXPECT_LT(interval.low, judged.value);
  EXPECT_GT(interval.high, judged.value);
  EXPECT_GT(interval.low, 0.5) << "four shifts of a half make a distance of about 1";
  EXPECT_LT(interval.high, 2);
}

TEST(Bootstrap, AShiftIsADifference) {
  EXPECT_GT(change(Judged(rows(2) + 0.5), Judged(rows(2))).low, 0);
}

TEST(Bootstrap, TheSameSetDiffersByNothing) {
  const Interval same = change(Judged(rows(2)), Judged(rows(2)));
  EXPECT_EQ(same.low, 0);
  EXPECT_EQ(same.high, 0);
}

TEST(Bootstrap, PairsAreSurerThanEachByItself) {
  const Judged one(rows(2)), other(rows(2) + 0.05 * rows(3));
  const Interval paired = change(other, one);
  const Interval alone = interval_around(one.value, one.resampled);
  EXPECT_LT(paired.high - paired.low, 0.5 * (alone.high - alone.low));
}

TEST(Bootstrap, TellsOfItsProgressAndWantsPairs) {
  int calls = 0;
  resampled_frechet_distances(rows(1), moments_of(rows(2)), 3, 0,
                              [&](int done) { EXPECT_EQ(done, ++calls); });
  EXPECT_EQ(calls, 3);
  EXPECT_THROW(differences({1, 2}, {1}), Error);
  EXPECT_TRUE(std::isnan(interval_around(1, {1}).low));
}

}  // namespace
}  // namespace fdbench
