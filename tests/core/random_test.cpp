#include "core/random.h"

#include <gtest/gtest.h>

#include <set>

namespace fdbench {
namespace {

at::Tensor noise_of(std::uint64_t seed, std::int64_t picture) {
  at::Generator generator = picture_generator(seed, picture);
  return draw_noise(generator, {4, 8, 8});
}

TEST(PictureNoise, DependsOnSeedAndPictureOnly) {
  EXPECT_TRUE(at::equal(noise_of(7, 3), noise_of(7, 3)));
  EXPECT_FALSE(at::equal(noise_of(7, 3), noise_of(7, 4)));
  EXPECT_FALSE(at::equal(noise_of(7, 3), noise_of(8, 3)));
}

TEST(PictureNoise, BatchEqualsSingles) {
  std::vector<at::Generator> generators = {picture_generator(1, 0), picture_generator(1, 5)};
  const at::Tensor batch = draw_noise(generators, {4, 8, 8});
  ASSERT_EQ(batch.sizes(), at::IntArrayRef({2, 4, 8, 8}));
  EXPECT_TRUE(at::equal(batch[1], noise_of(1, 5)[0]));
}

// torch.randn((1, 4, 8, 8), generator=torch.Generator("cpu").manual_seed(0))[0, 0, 0, :3] of
// torch 2.13.
TEST(PictureNoise, EqualsPyTorchs) {
  const at::Tensor noise = noise_of(0, 0).flatten();
  EXPECT_NEAR(noise[0].item<float>(), -1.1258398, 1e-6);
  EXPECT_NEAR(noise[1].item<float>(), -1.1523602, 1e-6);
  EXPECT_NEAR(noise[2].item<float>(), -0.2505786, 1e-6);
}

TEST(MixedSeed, DependsOnBothNumbersAndSpreads) {
  std::set<std::uint64_t> seen;
  int high = 0;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (std::uint64_t number = 0; number < 50; ++number) {
      seen.insert(mixed_seed(seed, number));
      high += mixed_seed(seed, number) >> 63 != 0;
    }
  }
  EXPECT_EQ(seen.size(), 2500U);
  EXPECT_EQ(mixed_seed(3, 4), mixed_seed(3, 4));
  // Half of 2500 with a standard deviation of 25.
  EXPECT_NEAR(high, 1250, 150);
}

}  // namespace
}  // namespace fdbench
