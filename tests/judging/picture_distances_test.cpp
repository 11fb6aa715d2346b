#include "judging/picture_distances.h"

#include <gtest/gtest.h>

#include <cmath>

#include "results/unit_arrays.h"

namespace fdbench {
namespace {

/// A unit of pictures [n, 16, 16, 3] that are all of these values.
Arrays unit(const std::vector<int>& values, double latent) {
  Arrays arrays;
  std::vector<at::Tensor> images;
  for (const int value : values) images.push_back(at::full({16, 16, 3}, value, at::kByte));
  arrays[picture_arrays::kImages] = at::stack(images);
  const auto count = static_cast<std::int64_t>(values.size());
  arrays[picture_arrays::kLatents] = at::full({count, 4, 2, 2}, latent, at::kFloat);
  return arrays;
}

TEST(PictureDistances, AreMeansOverPicturesOfAllChunks) {
  PictureDistances distances({}, 2);
  const auto first = distances.add(1, unit({10, 20}, 1), unit({10, 30}, 0));
  distances.add(1, unit({50}, 3), unit({60}, 2));
  EXPECT_TRUE(std::isinf(first.at("/pictures/psnr_to_full")[0].item<double>()));
  RunRecord record;
  distances.summarise(record, 1);
  const double db = 10 * std::log10(255.0 * 255.0 / 100.0);  // 10 levels apart: both that differ
  EXPECT_NEAR(record.psnr_to_full, db, 1e-12);
  EXPECT_EQ(record.num_identical, 1);
  EXPECT_NEAR(record.latent_mse_to_full, 1.0, 1e-12);
  EXPECT_GT(record.ssim_to_full, 0.5);
  EXPECT_LT(record.ssim_to_full, 1.0);
  EXPECT_LE(record.ssim_to_full_low, record.ssim_to_full);
  EXPECT_TRUE(std::isnan(record.perceptual_to_full)) << "there is no CLIP that would see it";
}

TEST(PictureDistances, OfIdenticalPicturesAreNone) {
  PictureDistances distances({}, 1);
  distances.add(0, unit({10, 20}, 1), unit({10, 20}, 1));
  RunRecord record;
  distances.summarise(record, 0);
  EXPECT_TRUE(std::isinf(record.psnr_to_full));
  EXPECT_EQ(record.ssim_to_full, 1.0);
  EXPECT_EQ(record.latent_mse_to_full, 0.0);
}

TEST(PictureDistances, AreNotKnownOfARunWithoutABaseline) {
  const PictureDistances distances({}, 1);
  RunRecord record;
  distances.summarise(record, 0);
  EXPECT_TRUE(std::isnan(record.psnr_to_full));
  EXPECT_TRUE(std::isnan(record.ssim_to_full));
}

}  // namespace
}  // namespace fdbench
