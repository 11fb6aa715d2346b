#include "metrics/paired_bootstrap.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "metrics/frechet_distance.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

at::Tensor rows(std::uint64_t seed) { return noise({200, 4}, seed).to(at::kDouble); }

TEST(PairedBootstrap, HoldsTheDistanceAndTheDifference) {
  const Moments reference = moments_of(rows(1));
  const at::Tensor a = rows(2) + 0.5, b = rows(2);
  const PairedInterval interval = paired_frechet_interval(a, b, reference, 200, 0);
  const double value = frechet_distance(moments_of(a), reference);
  EXPECT_LT(interval.low, value);
  EXPECT_GT(interval.high, value);
  EXPECT_NEAR(interval.change, value - frechet_distance(moments_of(b), reference), 1e-12);
  EXPECT_GT(interval.change_low, 0) << "a shift of half a standard deviation is seen";
}

TEST(PairedBootstrap, NoDifferenceIsNone) {
  const PairedInterval interval =
      paired_frechet_interval(rows(2), rows(2), moments_of(rows(1)), 50, 0);
  EXPECT_EQ(interval.change, 0);
  EXPECT_EQ(interval.change_low, 0);
  EXPECT_EQ(interval.change_high, 0);
}

TEST(PairedBootstrap, IsNarrowerThanBothByThemselves) {
  const Moments reference = moments_of(rows(1));
  const at::Tensor a = rows(2), b = a + 0.05 * rows(3);
  const PairedInterval paired = paired_frechet_interval(a, b, reference, 200, 0);
  EXPECT_LT(paired.change_high - paired.change_low, 0.5 * (paired.high - paired.low));
}

TEST(PairedBootstrap, WantsPairs) {
  EXPECT_THROW(paired_frechet_interval(rows(1), rows(2).slice(0, 0, 9), moments_of(rows(3)), 9, 0),
               Error);
  const PairedInterval alone = paired_frechet_interval(rows(1), {}, moments_of(rows(3)), 9, 0);
  EXPECT_TRUE(std::isnan(alone.change));
  EXPECT_FALSE(std::isnan(alone.low));
}

}  // namespace
}  // namespace fdbench
