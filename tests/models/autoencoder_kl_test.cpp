#include "models/autoencoder_kl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "models/tiny_models.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

AutoencoderKL make(const json& options = json::object(), at::ScalarType dtype = at::kFloat) {
  RandomWeights weights(dtype);
  AutoencoderKL vae(tiny_vae_config(options), weights, "vae/config.json");
  EXPECT_TRUE(weights.finished);
  return vae;
}

TEST(AutoencoderKL, SizesFollowTheFactor) {
  const AutoencoderKL vae = make();
  EXPECT_EQ(vae.factor(), 2);
  EXPECT_EQ(vae.decode(noise({2, 4, 3, 5})).sizes(), (std::vector<std::int64_t>{2, 3, 6, 10}));
  EXPECT_EQ(vae.encode(noise({2, 3, 6, 11})).sizes(), (std::vector<std::int64_t>{2, 4, 3, 5}));
}

TEST(AutoencoderKL, ScalesAndShiftsLatents) {
  const AutoencoderKL plain = make({{"scaling_factor", 1.0}});
  const AutoencoderKL scaled = make({{"scaling_factor", 0.5}, {"shift_factor", 0.25}});
  const at::Tensor z = noise({1, 4, 3, 3}), image = noise({1, 3, 6, 6});
  EXPECT_LT(difference(scaled.decode(z), plain.decode(z * 2 + 0.25)), 1e-5);
  EXPECT_LT(difference(scaled.encode(image), (plain.encode(image) - 0.25) * 0.5), 1e-6);
}

TEST(AutoencoderKL, NormalisesEachLatentChannel) {
  const AutoencoderKL plain = make({{"scaling_factor", 0.5}});
  const AutoencoderKL own = make({{"scaling_factor", 0.5},
                                  {"latents_mean", {0.1, 0.2, 0.3, 0.4}},
                                  {"latents_std", {1.0, 2.0, 3.0, 4.0}}});
  const at::Tensor mean = at::tensor({0.1F, 0.2F, 0.3F, 0.4F}).view({1, 4, 1, 1});
  const at::Tensor std = at::tensor({1.0F, 2.0F, 3.0F, 4.0F}).view({1, 4, 1, 1});
  const at::Tensor z = noise({1, 4, 3, 3}), image = noise({1, 3, 6, 6});
  EXPECT_LT(difference(own.decode(z), plain.decode(z * std + mean * 0.5)), 1e-5);
  EXPECT_LT(difference(own.encode(image), (plain.encode(image) - mean * 0.5) / std), 1e-5);
}

TEST(AutoencoderKL, ForcedUpcastRunsInFloat32) {
  const at::Tensor z = noise({1, 4, 3, 3});
  EXPECT_EQ(make({{"force_upcast", true}}, at::kHalf).decode(z).scalar_type(), at::kFloat);
  EXPECT_EQ(make({{"force_upcast", false}}, at::kHalf).decode(z).scalar_type(), at::kHalf);
  EXPECT_EQ(make({{"force_upcast", true}}, at::kBFloat16).decode(z).scalar_type(), at::kBFloat16);
}

TEST(AutoencoderKL, OptionsThatAreNotSupportedAreNamed) {
  EXPECT_THAT(message_of([] {
                make({{"latents_mean", {0.0}}});
              }),
              HasSubstr("vae/config.json: 'latents_mean': must be null or a list of 4 numbers"));
  EXPECT_THAT(message_of([] {
                make({{"down_block_types", {"AttnDown", "AttnDown"}}});
              }),
              HasSubstr("a list of 'DownEncoderBlock2D'"));
  EXPECT_THAT(message_of([] {
                make({{"up_block_types", {"UpDecoderBlock2D"}}});
              }),
              HasSubstr("must have as many entries as block_out_channels"));
}

TEST(AutoencoderKL, OtherShapesAreRefused) {
  const AutoencoderKL vae = make();
  EXPECT_THAT(message_of([&] {
                vae.decode(noise({1, 3, 4, 4}));
              }),
              HasSubstr("latents [n, 4, height, width]"));
  EXPECT_THAT(message_of([&] {
                vae.encode(noise({3, 4, 4}));
              }),
              HasSubstr("images [n, 3, height, width]"));
}

TEST(ToPictures, ClampsAndRoundsToBytes) {
  const at::Tensor decoded = at::tensor({-2.0, -1.0, 0.0, 0.5, 1.0, 3.0}).view({1, 1, 2, 3});
  const at::Tensor pictures = to_pictures(decoded.expand({1, 3, 2, 3}));
  EXPECT_EQ(pictures.sizes(), (std::vector<std::int64_t>{1, 2, 3, 3}));
  EXPECT_EQ(pictures.scalar_type(), at::kByte);
  const at::Tensor bytes = at::tensor({0, 0, 128, 191, 255, 255}, at::kByte);
  EXPECT_TRUE(at::equal(pictures.select(3, 1).flatten(), bytes));
}

}  // namespace
}  // namespace fdbench
