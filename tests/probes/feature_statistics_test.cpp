#include "probes/feature_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr double kRelative = 1e-9;  // float64 on both sides; only the order of the sums differs

/// The definitions, in float64 tensor operations.
FeatureStatistics by_definition(const at::Tensor& features, const at::Tensor& previous) {
  const at::Tensor now = features.to(at::kDouble);
  const at::Tensor flat = now.flatten(1);
  const at::Tensor map = now.mean(features.dim() == 3 ? 2 : 1).flatten(1);
  return {(now - previous.to(at::kDouble)).flatten(1).pow(2).mean(1), map.pow(2).sum(1).sqrt(),
          flat.mean(1), (flat - flat.mean(1, true)).pow(2).mean(1).sqrt()};
}

void expect_by_definition(const at::Tensor& features, const at::Tensor& previous) {
  const FeatureStatistics made = feature_statistics(features, previous);
  const FeatureStatistics expected = by_definition(features, previous);
  EXPECT_TRUE(at::allclose(made.mse, expected.mse, kRelative, 0));
  EXPECT_TRUE(at::allclose(made.frobenius, expected.frobenius, kRelative, 0));
  EXPECT_TRUE(at::allclose(made.mean, expected.mean, kRelative, 1e-12));
  EXPECT_TRUE(at::allclose(made.std, expected.std, kRelative, 0));
}

class FeatureStatisticsTest : public testing::TestWithParam<at::ScalarType> {
 protected:
  FeatureStatisticsTest() { at::manual_seed(1); }

  static at::Tensor draw(at::IntArrayRef shape) {
    return (at::randn(shape) * 2 + 0.3).to(GetParam());
  }
};

TEST_P(FeatureStatisticsTest, FollowTheirDefinition) {
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
           {2, 48, 16, 16}, {3, 5, 7, 3}, {1, 1, 1, 1}, {2, 33, 9}, {1, 16, 40}}) {
    expect_by_definition(draw(shape), draw(shape));
  }
}

TEST_P(FeatureStatisticsTest, AnyLayoutGivesTheSame) {
  const at::Tensor features = draw({2, 37, 6, 5}), previous = draw({2, 37, 6, 5});
  const auto channels_last = at::MemoryFormat::ChannelsLast;
  expect_by_definition(features.contiguous(channels_last), previous.contiguous(channels_last));
  expect_by_definition(features.contiguous(channels_last), previous);
  expect_by_definition(features, previous.contiguous(channels_last));
  expect_by_definition(features.transpose(2, 3), previous.transpose(2, 3));
  expect_by_definition(features.narrow(0, 1, 1), previous.narrow(0, 1, 1));
}

INSTANTIATE_TEST_SUITE_P(Dtypes, FeatureStatisticsTest,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16),
                         [](const auto& info) { return std::string(at::toString(info.param)); });

TEST(FeatureStatistics, HasNoChangeWithoutAPreviousStep) {
  const FeatureStatistics made = feature_statistics(at::randn({2, 3, 4, 4}), {});
  EXPECT_TRUE(at::isnan(made.mse).all().item<bool>());
  EXPECT_FALSE(at::isnan(made.std).any().item<bool>());
}

TEST(FeatureStatistics, StdKeepsItsDigitsFarFromZero) {
  const at::Tensor features = at::randn({1, 8, 16, 16}) * 1e-2 + 1000;
  const double made = feature_statistics(features, {}).std[0].item<double>();
  const double expected = features.to(at::kDouble).std(false).item<double>();
  EXPECT_NEAR(made / expected, 1, 1e-9);
  EXPECT_NEAR(feature_statistics(at::full({1, 3, 5, 7}, 0.1F), {}).std[0].item<double>(), 0, 1e-15);
}

TEST(FeatureStatistics, ShowsWhatIsNotFinite) {
  at::Tensor features = at::ones({1, 2, 4, 4});
  features[0][1][2][3] = std::nan("");
  EXPECT_TRUE(std::isnan(feature_statistics(features, {}).mean[0].item<double>()));
}

TEST(FeatureStatistics, ShapesMustFit) {
  EXPECT_THROW(feature_statistics(at::ones({1, 2, 4, 4}), at::ones({1, 2, 4, 5})), Error);
  EXPECT_THROW(feature_statistics(at::ones({2, 4}), {}), Error);
  EXPECT_THROW(feature_statistics(at::ones({0, 2, 4, 4}), {}), Error);
}

}  // namespace
}  // namespace fdbench
