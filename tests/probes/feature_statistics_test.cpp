#include "probes/feature_statistics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fdbench {
namespace {

// A plain float64 computation by ATen operators. [n, d, h, w].
FeatureStatistics reference(const at::Tensor& features, const at::Tensor& previous) {
  const at::Tensor x = features.to(at::kDouble);
  return {(x - previous.to(at::kDouble)).square().mean({1, 2, 3}),
          at::frobenius_norm(x.mean(1), {1, 2}), x.mean({1, 2, 3}),
          x.std({1, 2, 3}, /*unbiased=*/false)};
}

void expect_close(const at::Tensor& actual, const at::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  EXPECT_TRUE(at::allclose(actual, expected, 1e-9, 0)) << actual << expected;
}

class FeatureStatisticsOf : public testing::TestWithParam<at::ScalarType> {};

TEST_P(FeatureStatisticsOf, EqualAPlainFloat64Computation) {
  const at::Tensor now = at::randn({3, 20, 7, 5}).add(0.5).to(GetParam());
  const at::Tensor before = at::randn({3, 20, 7, 5}).to(GetParam());
  const FeatureStatistics actual = feature_statistics(now, before);
  const FeatureStatistics expected = reference(now, before);
  expect_close(actual.mse, expected.mse);
  expect_close(actual.frobenius, expected.frobenius);
  expect_close(actual.mean, expected.mean);
  expect_close(actual.std, expected.std);
}

INSTANTIATE_TEST_SUITE_P(Dtypes, FeatureStatisticsOf,
                         testing::Values(at::kFloat, at::kHalf, at::kBFloat16, at::kDouble));

TEST(FeatureStatistics, MemoryLayoutDoesNotMatter) {
  const at::Tensor now = at::randn({2, 6, 4, 4}), before = at::randn({2, 6, 4, 4});
  const FeatureStatistics plain = feature_statistics(now, before);
  const FeatureStatistics last =
      feature_statistics(now.contiguous(at::MemoryFormat::ChannelsLast),
                         before.contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(plain.mse, last.mse));
  EXPECT_TRUE(at::equal(plain.frobenius, last.frobenius));
}

TEST(FeatureStatistics, TokensAreThePositions) {
  const at::Tensor tokens = at::randn({2, 16, 6});
  const FeatureStatistics of_tokens = feature_statistics(tokens, {});
  const FeatureStatistics of_map =
      feature_statistics(tokens.transpose(1, 2).reshape({2, 6, 4, 4}), {});
  EXPECT_TRUE(at::equal(of_tokens.frobenius, of_map.frobenius));
  EXPECT_TRUE(at::equal(of_tokens.std, of_map.std));
}

TEST(FeatureStatistics, NoChangeWithoutAPreviousStep) {
  EXPECT_TRUE(feature_statistics(at::ones({2, 3, 4, 4}), {}).mse.isnan().all().item<bool>());
}

TEST(FeatureStatistics, KnownValues) {
  const FeatureStatistics values =
      feature_statistics(at::full({1, 3, 4, 4}, 2.0), at::full({1, 3, 4, 4}, 5.0));
  EXPECT_DOUBLE_EQ(values.mse.item<double>(), 9.0);
  EXPECT_DOUBLE_EQ(values.frobenius.item<double>(), 8.0);  // sqrt(16 * 2^2)
  EXPECT_DOUBLE_EQ(values.std.item<double>(), 0.0);
}

class Probe : public testing::Test {
 protected:
  // Layer 3 runs at steps 0 and 2 of 4, guidance batch 2 of one picture; layer 5 is not watched.
  void run(const std::vector<bool>& dropped) {
    first_ = at::randn({2, 4, 2, 2});
    third_ = at::randn({2, 4, 2, 2});
    probe_.observe(0, 3, first_);
    probe_.observe(0, 5, first_);
    probe_.observe(2, 3, third_);
    probe_.finish(dropped);
  }
  double mse(int step) { return probe_.mse()[0][step][0].item<double>(); }
  double norm(int step) { return probe_.frobenius()[0][step][0].item<double>(); }

  FeatureProbe probe_{{3}, 4, 1};
  at::Tensor first_, third_;
};

TEST_F(Probe, UsesTheConditionalHalf) {
  run({false, false, false, false});
  const at::Tensor change = (third_[1] - first_[1]).to(at::kDouble).square().mean();
  EXPECT_NEAR(mse(2), change.item<double>(), 1e-9);
}

TEST_F(Probe, HeldFeaturesDoNotChange) {
  run({false, false, false, false});
  EXPECT_TRUE(std::isnan(mse(0)));
  EXPECT_EQ(mse(1), 0.0);
  EXPECT_EQ(norm(1), norm(0));
  EXPECT_EQ(mse(3), 0.0);
  EXPECT_EQ(norm(3), norm(2));
}

TEST_F(Probe, StepsLeftOutAreNaN) {
  run({false, true, false, true});
  EXPECT_TRUE(std::isnan(mse(1)));
  EXPECT_TRUE(std::isnan(norm(3)));
  EXPECT_FALSE(std::isnan(mse(2)));
}

}  // namespace
}  // namespace fdbench
