#include "folders/synthetic_weights.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

namespace fdbench {
namespace {

at::Tensor draw(const std::string& name, at::IntArrayRef shape, at::ScalarType dtype = at::kFloat,
                std::uint64_t seed = 0) {
  return SyntheticWeights(seed, dtype, at::kCPU).take(name, shape);
}

double correlation(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).mean().item<double>() / (a.std() * b.std()).item<double>();
}

TEST(SyntheticWeights, DependOnSeedAndNameAlone) {
  const at::Tensor first = draw("a.weight", {300, 200});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  SyntheticWeights other_order(0, at::kFloat, at::kCPU);
  other_order.take("b.weight", {7, 3});
  EXPECT_TRUE(at::equal(other_order.take("a.weight", {300, 200}), first));
  at::set_num_threads(threads);
  EXPECT_NEAR(correlation(first, draw("b.weight", {300, 200})), 0, 0.02);
  EXPECT_NEAR(correlation(first, draw("a.weight", {300, 200}, at::kFloat, 1)), 0, 0.02);
}

TEST(SyntheticWeights, AreTheSameNumbersRoundedInEveryDtype) {
  const at::Tensor wide = draw("a.weight", {64, 320, 3, 3});
  for (const at::ScalarType dtype : {at::kHalf, at::kBFloat16, at::kDouble}) {
    EXPECT_TRUE(at::equal(draw("a.weight", {64, 320, 3, 3}, dtype), wide.to(dtype)));
  }
}

TEST(SyntheticWeights, KeepTheScaleOfWhatTheyMultiply) {
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{500, 400}, {100, 50, 3, 3}}) {
    const at::Tensor weight = draw("a.weight", shape);
    const double fan_in = static_cast<double>(weight.numel()) / static_cast<double>(shape[0]);
    EXPECT_NEAR(weight.std().item<double>() * std::sqrt(fan_in), 1, 0.01);
    EXPECT_NEAR(weight.mean().item<double>() * std::sqrt(fan_in), 0, 0.01);
    EXPECT_LE(weight.abs().max().item<double>() * std::sqrt(fan_in), std::sqrt(3.0) + 1e-6);
    // Neighbours know nothing of each other.
    const at::Tensor flat = weight.flatten();
    const std::int64_t count = flat.numel() - 1;
    EXPECT_NEAR(correlation(flat.narrow(0, 0, count), flat.narrow(0, 1, count)), 0, 0.02);
  }
}

TEST(SyntheticWeights, LeaveNormsAsTheyAre) {
  EXPECT_TRUE(at::equal(draw("norm.weight", {32}), at::ones({32})));
  EXPECT_LE(draw("norm.bias", {1000}).abs().max().item<double>(), 0.05);
  EXPECT_GT(draw("norm.bias", {1000}).abs().max().item<double>(), 0.04);
}

TEST(SyntheticWeights, CostNothingOnTheDeviceThatStoresNothing) {
  SyntheticWeights outline(0, at::kFloat, at::kMeta);
  EXPECT_TRUE(outline.take("a.weight", {1 << 24, 1 << 16}).is_meta());
  EXPECT_TRUE(outline.take("norm.weight", {8}).is_meta());
}

}  // namespace
}  // namespace fdbench
