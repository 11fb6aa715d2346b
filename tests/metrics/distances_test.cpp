#include "metrics/distances.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

namespace fdbench {
namespace {

TEST(Psnr, IsInfiniteForIdenticalPictures) {
  const at::Tensor pictures = at::full({2, 4, 4, 3}, 17, at::kByte);
  EXPECT_TRUE(psnr(pictures, pictures).isinf().all().item<bool>());
}

TEST(Psnr, FollowsItsDefinition) {
  const at::Tensor black = at::zeros({2, 4, 4, 3}, at::kByte);
  at::Tensor other = black.clone();
  other[1].fill_(255);
  other[0].fill_(51);  // a fifth of the peak: 20 log10(5)
  const at::Tensor values = psnr(other, black);
  EXPECT_NEAR(values[0].item<double>(), 20 * std::log10(5.0), 1e-12);
  EXPECT_NEAR(values[1].item<double>(), 0.0, 1e-12);
}

TEST(Psnr, RefusesOtherShapes) {
  EXPECT_THROW(psnr(at::zeros({1, 4, 4, 3}, at::kByte), at::zeros({1, 8, 8, 3}, at::kByte)), Error);
}

TEST(LatentMse, IsTheMeanOfEachPicture) {
  const at::Tensor zeros = at::zeros({2, 4, 3, 3});
  at::Tensor latents = zeros.clone();
  latents[1].fill_(-2);
  const at::Tensor values = latent_mse(latents, zeros);
  EXPECT_EQ(values.scalar_type(), at::kDouble);
  EXPECT_EQ(values[0].item<double>(), 0.0);
  EXPECT_EQ(values[1].item<double>(), 4.0);
}

TEST(LatentMse, AddsHalfPrecisionInDouble) {
  const at::Tensor latents = at::full({1, 65536}, 100, at::kHalf);
  EXPECT_EQ(latent_mse(latents, at::zeros_like(latents)).item<double>(), 10000.0);
}

}  // namespace
}  // namespace fdbench
