#include "nn/conv2d.h"

#include <gtest/gtest.h>

#include "nn/linear.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

TEST(Conv2d, KeepsTheSizeByDefault) {
  RandomWeights weights;
  const Conv2d conv(WeightScope(weights, "conv"), 3, 5, 7);
  EXPECT_EQ(conv(noise({2, 3, 9, 4})).sizes(), (std::vector<std::int64_t>{2, 5, 9, 4}));
}

TEST(Conv2d, CountsEachMultiplyAddOnce) {
  RandomWeights weights;
  const Conv2d conv(WeightScope(weights, "conv"), 3, 5, 3);
  EXPECT_EQ(conv.multiply_adds(2 * 9 * 4), 2 * 9 * 4 * 5 * 3 * 3 * 3);
}

TEST(Linear, IsWhatAConvolutionOfOnePixelIs) {
  RandomWeights weights;
  const Conv2d conv(WeightScope(weights, "proj"), 6, 4, 1);
  const Linear linear = Linear::from_conv(WeightScope(weights, "proj"), 6, 4);
  const at::Tensor x = noise({2, 6, 3, 5});
  const at::Tensor y = linear(x.permute({0, 2, 3, 1})).permute({0, 3, 1, 2});
  EXPECT_LT(difference(y, conv(x)), 1e-6);
}

TEST(Linear, NeedsNoBias) {
  RandomWeights weights;
  const Linear linear(WeightScope(weights, "to_q"), 6, 4, /*with_bias=*/false);
  EXPECT_FALSE(weights.taken.contains("to_q.bias"));
  EXPECT_EQ(linear(at::zeros({1, 6})).abs().max().item<float>(), 0);
  EXPECT_EQ(linear.multiply_adds(10), 10 * 6 * 4);
}

}  // namespace
}  // namespace fdbench
