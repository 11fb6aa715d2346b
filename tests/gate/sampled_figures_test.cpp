#include "gate/sampled_figures.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(SampledFigures, FiveAgainstFiveRoundsCannotProveALoss) {
  const Finding few =
      judge_ratios({1.5, 1.51, 1.52, 1.49, 1.48}, {1.2, 1.21, 1.22, 1.19, 1.18}, 0.05, 0.995);
  EXPECT_NEAR(few.probability, 1.0 / 252, 1e-9);
  EXPECT_EQ(few.verdict, Verdict::kUnsure);
  EXPECT_EQ(reason_code(few.code), "too_few_rounds");
}

}  // namespace
}  // namespace fdbench
