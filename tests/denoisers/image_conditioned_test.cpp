#include "denoisers/image_conditioned.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

std::unique_ptr<Denoiser> unet_of(std::int64_t in_channels) {
  RandomWeights weights;
  return make_unet_2d_condition(tiny_unet_config({{"in_channels", in_channels}}), weights, nullptr,
                                "c");
}

Conditioning text(std::int64_t batch) {
  return {{"encoder_hidden_states", noise({batch, 5, 6}, 3)}};
}

std::string fault_of(const Denoiser& denoiser, const Conditioning& conditioning) {
  try {
    forward(denoiser, noise({2, 4, 8, 8}, 1), at::tensor({500}), conditioning);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(ImageConditioned, IsTheNetworkOnBothJoined) {
  const auto plain = unet_of(7);
  const auto shown = with_image(unet_of(7), 3);
  const at::Tensor sample = noise({2, 4, 8, 8}, 1), image = noise({2, 3, 8, 8}, 2);
  Conditioning with = text(2);
  with.set(kImage, image);
  const at::Tensor timestep = at::tensor({500});
  const at::Tensor expected = forward(*plain, at::cat({sample, image}, 1), timestep, text(2));
  EXPECT_TRUE(at::equal(forward(*shown, sample, timestep, with), expected));
  with.set(kImage, image.flip(3));
  EXPECT_FALSE(at::equal(forward(*shown, sample, timestep, with), expected));
}

TEST(ImageConditioned, SaysWhatItTakesAndWhichLayerReadsIt) {
  const auto shown = with_image(unet_of(7), 3);
  const ModelInfo& info = shown->info();
  EXPECT_EQ(info.in_channels, 4);
  EXPECT_EQ(info.conditioning.back().name, kImage);
  EXPECT_EQ(info.layers[0].reads, std::vector<std::string>{kImage});
  EXPECT_EQ(shown->costs({.axes = {8, 8}}, {})[0].unconditioned, 0);
  const std::vector<bool> unconditioned = unconditioned_layers(info.layers);
  EXPECT_TRUE(std::none_of(unconditioned.begin(), unconditioned.end(), [](bool is) { return is; }));
}

TEST(ImageConditioned, APictureThatIsMissingOrOfAnotherShapeIsNamed) {
  const auto shown = with_image(unet_of(7), 3);
  EXPECT_EQ(fault_of(*shown, text(2)), "the picture that this stage is shown ('image') is missing");
  Conditioning with = text(2);
  with.set(kImage, noise({2, 3, 4, 4}, 2));
  EXPECT_NE(fault_of(*shown, with).find("image"), std::string::npos);
  with.set(kImage, noise({2, 2, 8, 8}, 2));
  EXPECT_NE(fault_of(*shown, with).find("image"), std::string::npos);
}

TEST(ImageConditioned, LeavesRoomForTheSample) { EXPECT_THROW(with_image(unet_of(4), 4), Error); }

}  // namespace
}  // namespace fdbench
