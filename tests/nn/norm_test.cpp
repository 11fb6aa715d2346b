#include "nn/norm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

TEST(GroupNorm, NamesTheLayerWhoseChannelsTheGroupsDoNotDivide) {
  RandomWeights weights;
  try {
    GroupNorm(WeightScope(weights, "mid_block.norm1"), 10, 4, 1e-5);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "norm_num_groups 4 does not divide the 10 channels of mid_block.norm1");
  }
}

TEST(GroupNorm, NormalisesEachGroup) {
  RandomWeights weights;
  GroupNorm norm(WeightScope(weights, "norm"), 6, 2, 0);
  norm.weight = at::ones({6});
  norm.bias = at::zeros({6});
  const at::Tensor y = norm(noise({3, 6, 4, 4}) * 5 + 2).reshape({3, 2, -1});
  EXPECT_LT(y.mean(-1).abs().max().item<float>(), 1e-6);
  EXPECT_LT((y.pow(2).mean(-1) - 1).abs().max().item<float>(), 1e-5);
}

TEST(LayerNorm, NormalisesTheLastDimension) {
  RandomWeights weights;
  LayerNorm norm(WeightScope(weights, "norm"), 8, 0);
  norm.weight = at::full({8}, 2.0);
  norm.bias = at::ones({8});
  const at::Tensor y = norm(noise({3, 5, 8}));
  EXPECT_LT((y.mean(-1) - 1).abs().max().item<float>(), 1e-5);
}

}  // namespace
}  // namespace fdbench
