#include "tasks/picture_noise.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(PictureNoiseBatch, DoesNotDependOnTheBatch) {
  PictureNoise batch(5, {0, 1, 2}, {4, 8, 8}), alone(5, {2}, {4, 8, 8});
  for (int call = 0; call < 2; ++call) {
    const at::Tensor drawn = batch.draw();
    ASSERT_EQ(drawn.sizes(), at::IntArrayRef({3, 4, 8, 8}));
    EXPECT_TRUE(at::equal(drawn[2], alone.draw()[0]));
  }
}

TEST(PictureNoiseBatch, KnowsThePicturesSeeds) {
  const PictureNoise noise(5, {2, 0}, {4, 8, 8});
  EXPECT_EQ(noise.seeds(), (std::vector<std::uint64_t>{7, 5}));
}

TEST(PictureNoiseBatch, EachDrawIsFresh) {
  PictureNoise noise(5, {0}, {4, 8, 8});
  const NoiseSource source = noise.source();
  EXPECT_FALSE(at::equal(source(), source()));
}

}  // namespace
}  // namespace fdbench
