#include "io/synthetic_weights.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "io/model_folder.h"

namespace fdbench {
namespace {

TEST(SyntheticWeights, DependOnSeedNameAndShapeOnly) {
  SyntheticWeights weights(0, at::kFloat, at::kCPU), again(0, at::kFloat, at::kCPU),
      other(1, at::kFloat, at::kCPU);
  const at::Tensor a = weights.take("a.weight", {64, 48});
  EXPECT_TRUE(at::equal(a, again.take("a.weight", {64, 48})));
  EXPECT_FALSE(at::equal(a, again.take("b.weight", {64, 48})));
  EXPECT_FALSE(at::equal(a, other.take("a.weight", {64, 48})));
  SyntheticWeights half(0, at::kBFloat16, at::kCPU);
  EXPECT_TRUE(at::equal(half.take("a.weight", {64, 48}), a.to(at::kBFloat16)));
}

TEST(SyntheticWeights, AreUniformWithTheRangeOfTheirFanIn) {
  SyntheticWeights weights(3, at::kFloat, at::kCPU);
  const at::Tensor kernel = weights.take("conv.weight", {200, 16, 3, 3});
  const double bound = 1 / std::sqrt(16.0 * 9.0);
  EXPECT_LE(kernel.abs().max().item<double>(), bound);
  EXPECT_NEAR(kernel.mean().item<double>(), 0, 0.02 * bound);
  EXPECT_NEAR(kernel.std().item<double>(), bound / std::sqrt(3.0), 0.01 * bound);
  EXPECT_TRUE(at::equal(weights.take("norm.weight", {5}), at::ones({5})));
  EXPECT_TRUE(at::equal(weights.take("norm.bias", {5}), at::zeros({5})));
}

TEST(ModelFolder, KnowsItsArchitectures) {
  const ModelFolder folder = ModelFolder::synthetic("sd15", 7);
  EXPECT_TRUE(folder.is_synthetic());
  EXPECT_EQ(folder.title(), "sd15 with random weights (seed 7)");
  EXPECT_EQ(folder.config("unet")["cross_attention_dim"], 768);
  EXPECT_NE(folder.weights_hash("unet"), ModelFolder::synthetic("sd15", 8).weights_hash("unet"));
  try {
    ModelFolder::synthetic("sd51", 0);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "architecture 'sd51' is not known; did you mean 'sd21'?");
  }
}

}  // namespace
}  // namespace fdbench
