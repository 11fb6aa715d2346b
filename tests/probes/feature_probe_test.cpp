#include "probes/feature_probe.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace fdbench {
namespace {

at::Tensor features(double value) { return at::full({1, 2, 3, 3}, value, at::kFloat); }

double cell(const at::Tensor& table, int picture, int step, int column) {
  return table[picture][step][column].item<double>();
}

TEST(FeatureProbe, MeasuresTheChangeToThePreviousStep) {
  FeatureProbe probe({4}, 3, 1);
  probe.observe(0, 4, features(1));
  probe.observe(1, 4, features(3));
  probe.observe(2, 4, features(2));
  probe.finish({false, false, false});
  EXPECT_TRUE(std::isnan(cell(probe.mse(), 0, 0, 0)));
  EXPECT_EQ(cell(probe.mse(), 0, 1, 0), 4);
  EXPECT_EQ(cell(probe.mse(), 0, 2, 0), 1);
  EXPECT_EQ(cell(probe.mean(), 0, 1, 0), 3);
  EXPECT_EQ(cell(probe.frobenius(), 0, 2, 0), 6);  // 3x3 pixels of 2
}

TEST(FeatureProbe, TakesTheConditionalHalf) {
  FeatureProbe probe({0}, 1, 2);
  probe.observe(0, 0, at::cat({features(9), features(9), features(1), features(2)}));
  probe.finish({false});
  EXPECT_EQ(cell(probe.mean(), 0, 0, 0), 1);
  EXPECT_EQ(cell(probe.mean(), 1, 0, 0), 2);
}

TEST(FeatureProbe, AHeldOutputDoesNotChange) {
  FeatureProbe probe({0}, 4, 1);
  probe.observe(0, 0, features(1));
  probe.observe(3, 0, features(4));
  probe.finish({false, false, false, false});
  EXPECT_TRUE(std::isnan(cell(probe.mse(), 0, 0, 0)));
  EXPECT_EQ(cell(probe.mse(), 0, 1, 0), 0);
  EXPECT_EQ(cell(probe.mse(), 0, 2, 0), 0);
  EXPECT_EQ(cell(probe.mse(), 0, 3, 0), 9);
  EXPECT_EQ(cell(probe.mean(), 0, 2, 0), 1);
  EXPECT_EQ(cell(probe.frobenius(), 0, 2, 0), 3);
}

TEST(FeatureProbe, StepsThatAreLeftOutHaveNoValues) {
  FeatureProbe probe({0}, 3, 1);
  probe.observe(0, 0, features(1));
  probe.observe(2, 0, features(2));
  probe.finish({false, true, false});
  EXPECT_TRUE(std::isnan(cell(probe.mse(), 0, 1, 0)));
  EXPECT_TRUE(std::isnan(cell(probe.mean(), 0, 1, 0)));
  EXPECT_EQ(cell(probe.mse(), 0, 2, 0), 1);
}

TEST(FeatureProbe, IgnoresLayersThatAreNotWatched) {
  FeatureProbe probe({1, 3}, 1, 1);
  for (int layer = 0; layer < 6; ++layer) probe.observe(0, layer, features(layer));
  probe.finish({false});
  EXPECT_EQ(probe.mean().sizes(), at::IntArrayRef({1, 1, 2}));
  EXPECT_EQ(cell(probe.mean(), 0, 0, 0), 1);
  EXPECT_EQ(cell(probe.mean(), 0, 0, 1), 3);
}

TEST(FeatureProbe, NeedsAsManyPicturesAsPromised) {
  FeatureProbe probe({0}, 1, 2);
  EXPECT_THROW(probe.observe(0, 0, features(1)), Error);
}

}  // namespace
}  // namespace fdbench
