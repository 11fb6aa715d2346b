#include "nn/resnet.h"

#include <gtest/gtest.h>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

ResnetOptions options(std::int64_t in, std::int64_t out, std::int64_t emb) {
  ResnetOptions options;
  options.in_channels = in;
  options.out_channels = out;
  options.emb_channels = emb;
  options.norm_num_groups = 2;
  return options;
}

TEST(ResnetBlock2D, LeavesItsInputsAlone) {
  for (const bool scale_shift : {false, true}) {
    RandomWeights weights;
    ResnetOptions with = options(4, 4, 10);
    with.scale_shift = scale_shift;
    with.output_scale_factor = 2;
    const ResnetBlock2D resnet(WeightScope(weights, "r"), with);
    const at::Tensor x = noise({2, 4, 5, 3}), emb = noise({2, 10}, 1);
    const at::Tensor x_before = x.clone(), emb_before = emb.clone();
    const at::Tensor first = resnet(x, emb);
    EXPECT_TRUE(at::equal(x, x_before) && at::equal(emb, emb_before));
    EXPECT_TRUE(at::equal(first, resnet(x, emb)));
  }
}

TEST(ResnetBlock2D, HasAShortcutOnlyWhereTheChannelsChange) {
  RandomWeights same, other;
  ResnetBlock2D(WeightScope(same, "r"), options(4, 4, 10));
  ResnetBlock2D(WeightScope(other, "r"), options(4, 6, 10));
  EXPECT_FALSE(same.taken.contains("r.conv_shortcut.weight"));
  EXPECT_TRUE(other.taken.contains("r.conv_shortcut.weight"));
}

TEST(ResnetBlock2D, WorksWithoutATimeEmbedding) {
  RandomWeights weights;
  const ResnetBlock2D resnet(WeightScope(weights, "r"), options(4, 6, 0));
  EXPECT_FALSE(weights.taken.contains("r.time_emb_proj.weight"));
  EXPECT_EQ(resnet(noise({1, 4, 5, 3}), {}).sizes(), (std::vector<std::int64_t>{1, 6, 5, 3}));
}

TEST(ResnetBlock2D, CountsConvolutionsAndTheTimeProjection) {
  RandomWeights weights;
  const ResnetBlock2D resnet(WeightScope(weights, "r"), options(4, 6, 10));
  const std::int64_t pixels = 2 * 5 * 3;
  EXPECT_EQ(resnet.multiply_adds(2, 5, 3), pixels * (4 * 6 * 9 + 6 * 6 * 9 + 4 * 6) + 2 * 10 * 6);
}

}  // namespace
}  // namespace fdbench
