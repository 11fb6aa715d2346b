#include "probes/principal_components.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(PrincipalComponents, FindTheDirectionsThatFeaturesWereMadeOf) {
  // Channels 0, 1 and 2 vary with standard deviations 4, 2 and 1, channel 3 not at all.
  at::manual_seed(1);
  std::vector<at::Tensor> steps;
  for (int i = 0; i < 3; ++i) {
    at::Tensor step = at::randn({4, 64, 64});
    step.mul_(at::tensor({4.0F, 2.0F, 1.0F, 0.0F}).view({4, 1, 1}));
    steps.push_back(step + 10);
  }
  const PrincipalComponents found = principal_components(steps);
  const double shares[] = {16.0 / 21, 4.0 / 21, 1.0 / 21};
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(found.explained[k].item<double>(), shares[k], 0.02);
    // Of this channel, less its mean, whichever step it is.
    const at::Tensor difference = found.scores[1][k] - (steps[1][k].to(at::kDouble) - 10);
    EXPECT_LT(difference.abs().mean().item<double>(), 0.2) << k;
  }
  EXPECT_EQ(found.scores[2].sizes(), (std::vector<std::int64_t>{3, 64, 64}));
}

TEST(PrincipalComponents, AreOneFitForAllSteps) {
  // What differs between the steps alone is the first component.
  std::vector<at::Tensor> steps = {at::zeros({3, 2, 2}), at::zeros({3, 2, 2})};
  steps[1][2] += 6;
  const PrincipalComponents found = principal_components(steps);
  EXPECT_NEAR(found.explained[0].item<double>(), 1, 1e-12);
  EXPECT_NEAR(found.scores[0][0][0][0].item<double>(), -3, 1e-12);
  EXPECT_NEAR(found.scores[1][0][0][0].item<double>(), 3, 1e-12);
}

TEST(PrincipalComponents, OfTwoChannelsHaveAnEmptyThird) {
  at::manual_seed(2);
  const PrincipalComponents found = principal_components({at::randn({2, 5, 5})});
  EXPECT_NEAR(found.explained.sum().item<double>(), 1, 1e-12);
  EXPECT_EQ(found.explained[2].item<double>(), 0);
  EXPECT_EQ(found.scores[0][2].abs().max().item<double>(), 0);
}

TEST(PrincipalComponents, ConstantFeaturesExplainNothing) {
  const PrincipalComponents found = principal_components({at::ones({4, 3, 3})});
  EXPECT_EQ(found.explained.abs().max().item<double>(), 0);
  EXPECT_TRUE(at::isfinite(found.scores[0]).all().item<bool>());
}

TEST(ColoursOf, SpanTheRangeOfAllSteps) {
  PrincipalComponents components;
  components.scores = {at::zeros({3, 1, 2}, at::kDouble), at::Tensor(),
                       at::ones({3, 1, 2}, at::kDouble)};
  const at::Tensor colours = colours_of(components);
  ASSERT_EQ(colours.sizes(), (std::vector<std::int64_t>{3, 1, 2, 3}));
  EXPECT_EQ(colours[0].max().item<int>(), 0);
  EXPECT_EQ(colours[1].max().item<int>(), 0);
  EXPECT_EQ(colours[2].min().item<int>(), 255);
}

}  // namespace
}  // namespace fdbench
