#include "judging/predicted_distances.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace fdbench {
namespace {

/// Two pictures; every step's latents and pixels are all of one value.
PredictedPictures pictures(std::vector<double> timesteps, std::vector<int> steps,
                           const std::vector<int>& values) {
  std::vector<at::Tensor> latents, images;
  for (const int value : values) {
    latents.push_back(at::full({2, 4, 2, 2}, value, at::kFloat));
    images.push_back(at::full({2, 16, 16, 3}, value, at::kByte));
  }
  return {std::move(timesteps), std::move(steps), at::stack(latents, 1), at::stack(images, 1)};
}

double decibels(double difference) { return 20 * std::log10(255 / difference); }

TEST(PredictedDistances, AreOfTheSameStep) {
  const auto run = pictures({981, 481, 1}, {0, 25, 49}, {10, 30, 50});
  const auto full = pictures({981, 481, 1}, {0, 25, 49}, {10, 33, 60});
  const PredictedDistances found = predicted_distances(run, full);
  ASSERT_EQ(found.latent_mse.sizes(), (std::vector<std::int64_t>{2, 3}));
  for (int picture = 0; picture < 2; ++picture) {
    EXPECT_EQ(found.latent_mse[picture][0].item<double>(), 0);
    EXPECT_TRUE(std::isinf(found.psnr[picture][0].item<double>()));
    EXPECT_EQ(found.latent_mse[picture][1].item<double>(), 9);
    EXPECT_NEAR(found.psnr[picture][1].item<double>(), decibels(3), 1e-9);
    EXPECT_EQ(found.latent_mse[picture][2].item<double>(), 100);
    EXPECT_NEAR(found.psnr[picture][2].item<double>(), decibels(10), 1e-9);
  }
}

TEST(PredictedDistances, OfRunsWithOtherStepsAreOfThoseInCommon) {
  const auto few = pictures({961, 481, 1}, {0, 12, 24}, {10, 30, 50});
  const auto full = pictures({981, 481, 1}, {0, 25, 49}, {11, 31, 51});
  const PredictedDistances found = predicted_distances(few, full);
  EXPECT_TRUE(std::isnan(found.latent_mse[0][0].item<double>()));
  EXPECT_TRUE(std::isnan(found.psnr[0][0].item<double>()));
  EXPECT_EQ(found.latent_mse[0][1].item<double>(), 1);
  EXPECT_EQ(found.latent_mse[1][2].item<double>(), 1);
}

TEST(PredictedDistances, OfRepeatedTimestepsAreOfTheSamePlace) {
  const auto run = pictures({941, 941}, {1, 2}, {10, 20});
  const auto full = pictures({941, 941}, {1, 2}, {11, 22});
  const PredictedDistances found = predicted_distances(run, full);
  EXPECT_EQ(found.latent_mse[0][0].item<double>(), 1);
  EXPECT_EQ(found.latent_mse[0][1].item<double>(), 4);
}

TEST(PredictedDistances, OfStepsThatWereLeftOutAreNotThere) {
  auto run = pictures({981, 1}, {0, 49}, {10, 20});
  const auto full = pictures({981, 1}, {0, 49}, {0, 0});
  run.latents.select(1, 1).fill_(std::numeric_limits<double>::quiet_NaN());
  const PredictedDistances found = predicted_distances(run, full);
  EXPECT_NEAR(found.psnr[0][0].item<double>(), decibels(10), 1e-9);
  EXPECT_TRUE(std::isnan(found.latent_mse[0][1].item<double>()));
  EXPECT_TRUE(std::isnan(found.psnr[0][1].item<double>()));
}

}  // namespace
}  // namespace fdbench
