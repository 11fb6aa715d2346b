#include "nn/weight_scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

TEST(WeightScope, JoinsNamesWithDots) {
  RandomWeights weights;
  const WeightScope scope = WeightScope(weights) / "down_blocks" / 2 / "resnets.0";
  scope.take("norm1.weight", {4});
  EXPECT_EQ(scope.prefix(), "down_blocks.2.resnets.0");
  EXPECT_THAT(weights.taken, testing::ElementsAre("down_blocks.2.resnets.0.norm1.weight"));
}

TEST(WeightScope, LooksUpWithThePrefix) {
  RandomWeights weights;
  weights.names = {"a.b"};
  EXPECT_TRUE((WeightScope(weights) / "a").contains("b"));
  EXPECT_FALSE((WeightScope(weights) / "b").contains("a"));
}

}  // namespace
}  // namespace fdbench
