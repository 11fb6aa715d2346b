#include "probes/feature_trace.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

at::Tensor features(double value) { return at::full({1, 2, 2, 2}, value, at::kFloat); }

/// Their first values; -1 where there are none.
std::vector<double> values_of(const std::vector<at::Tensor>& steps) {
  std::vector<double> values;
  for (const at::Tensor& step : steps) {
    values.push_back(step.defined() ? step.flatten()[0].item<double>() : -1);
  }
  return values;
}

TEST(FeatureTrace, HoldsTheLastOutputWhereALayerDidNotRun) {
  FeatureTrace trace({3}, {0, 1, 3, 4}, 1, 1);
  trace.observe(1, 3, features(1));
  trace.observe(2, 3, features(2));
  trace.observe(4, 3, features(4));
  trace.observe(4, 2, features(9));
  trace.finish({false, false, false, false, false});
  EXPECT_EQ(values_of(trace.features(0, 0)), (std::vector<double>{-1, 1, 2, 4}));
}

TEST(FeatureTrace, LeavesDroppedStepsOut) {
  FeatureTrace trace({0}, {0, 1, 2}, 1, 1);
  trace.observe(0, 0, features(5));
  trace.finish({false, true, false});
  EXPECT_EQ(values_of(trace.features(0, 0)), (std::vector<double>{5, -1, 5}));
}

TEST(FeatureTrace, TakesTheFirstPicturesOfTheConditionalHalf) {
  FeatureTrace trace({0}, {0}, 3, 2);
  at::Tensor output =
      at::cat({features(7), features(8), features(9), features(1), features(2), features(3)});
  trace.observe(0, 0, output);
  // What the executor does with its tensor afterwards does not matter.
  output.zero_();
  trace.finish({false});
  EXPECT_EQ(values_of(trace.features(0, 0)), std::vector<double>{1});
  EXPECT_EQ(values_of(trace.features(0, 1)), std::vector<double>{2});
}

}  // namespace
}  // namespace fdbench
