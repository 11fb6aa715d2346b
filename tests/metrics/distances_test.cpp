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

TEST(Ssim, FollowsItsDefinition) {
  at::Tensor pictures = at::full({2, 12, 14, 3}, 100, at::kByte);
  const at::Tensor reference = pictures.clone();
  pictures[1].fill_(50);  // flat: of the three factors only luminance differs
  const at::Tensor values = ssim(pictures, reference);
  const double c = 0.01 * 255 * 0.01 * 255;
  EXPECT_EQ(values[0].item<double>(), 1.0);
  EXPECT_NEAR(values[1].item<double>(), (2 * 50 * 100 + c) / (50 * 50 + 100 * 100 + c), 1e-9);
}

TEST(Ssim, IsNotKnownWhereTheWindowDoesNotFit) {
  const at::Tensor small = at::zeros({3, 10, 20, 3}, at::kByte);
  EXPECT_TRUE(ssim(small, small).isnan().all().item<bool>());
}

TEST(PerceptualDistance, FollowsItsDefinition) {
  // Two layers, one picture, two places: states at right angles, and states that differ in length.
  const at::Tensor x = at::tensor({1.0, 0.0, 0.0, 2.0}).view({1, 2, 2});
  const at::Tensor y = at::tensor({0.0, 3.0, 0.0, 5.0}).view({1, 2, 2});
  EXPECT_NEAR(perceptual_distance({x}, {y}).item<double>(), 1.0, 1e-9) << "2 and 0";
  EXPECT_NEAR(perceptual_distance({x, y}, {y, y}).item<double>(), 0.5, 1e-9);
  EXPECT_THROW(perceptual_distance({x, y}, {y}), Error);
  EXPECT_THROW(perceptual_distance({x}, {y.slice(1, 1)}), Error);
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
