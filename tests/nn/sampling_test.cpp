#include "nn/sampling.h"

#include <gtest/gtest.h>

#include "nn/random_weights.h"

namespace fdbench {
namespace {

TEST(Downsample2D, HalvesAsItSays) {
  RandomWeights weights;
  for (const std::int64_t padding : {0, 1}) {
    const Downsample2D down(WeightScope(weights, "downsamplers.0"), 3, padding);
    for (const std::int64_t side : {2, 3, 7, 8}) {
      const at::Tensor y = down(noise({1, 3, side, side + 5}));
      EXPECT_EQ(y.size(2), halved(side, padding)) << side << " padding " << padding;
      EXPECT_EQ(y.size(3), halved(side + 5, padding));
    }
  }
}

TEST(Downsample2D, WithoutPaddingAddsZerosBelowAndToTheRight) {
  RandomWeights weights;
  const Downsample2D down(WeightScope(weights, "downsamplers.0"), 3, 0);
  at::Tensor x = noise({1, 3, 6, 6});
  const at::Tensor padded = at::zeros({1, 3, 7, 7});
  padded.slice(2, 0, 6).slice(3, 0, 6).copy_(x);
  EXPECT_TRUE(at::equal(down(x), down.conv(padded)));
}

TEST(Upsample2D, RepeatsPixelsBeforeTheConvolution) {
  RandomWeights weights;
  const Upsample2D up(WeightScope(weights, "upsamplers.0"), 3);
  const at::Tensor x = noise({1, 3, 4, 5});
  const at::Tensor repeated = x.repeat_interleave(2, 2).repeat_interleave(2, 3);
  EXPECT_TRUE(at::equal(up(x, 8, 10), up.conv(repeated)));
  EXPECT_EQ(up(x, 7, 9).sizes(), (std::vector<std::int64_t>{1, 3, 7, 9}));
}

}  // namespace
}  // namespace fdbench
