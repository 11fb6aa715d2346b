#include "profiling/random_inputs.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "models/tiny_models.h"

namespace fdbench {
namespace {

const SampleShape kShape{2, {8, 6}, 5};

DenoiserInputs make(const nlohmann::json& options = nlohmann::json::object(),
                    std::uint64_t seed = 0) {
  const UNetConfig config = read_unet_config(tiny_unet_config(options), "config.json");
  return random_inputs(config, kShape, seed, at::kFloat, at::kCPU);
}

TEST(RandomInputs, HaveTheShapesOfACall) {
  const DenoiserInputs inputs = make();
  EXPECT_EQ(inputs.sample.sizes(), (at::IntArrayRef{2, 4, 8, 6}));
  EXPECT_EQ(inputs.timesteps.sizes(), (at::IntArrayRef{2}));
  EXPECT_EQ(inputs.conditioning.get("encoder_hidden_states").sizes(), (at::IntArrayRef{2, 5, 6}));
  EXPECT_FALSE(inputs.conditioning.has("text_embeds"));
}

TEST(RandomInputs, DependOnTheSeed) {
  EXPECT_TRUE(at::equal(make().sample, make().sample));
  EXPECT_FALSE(at::equal(make(nlohmann::json::object(), 1).sample,
                         make(nlohmann::json::object(), 2).sample));
}

TEST(RandomInputs, SdxlGetsPooledTextAndTimeIds) {
  const DenoiserInputs inputs = make({{"addition_embed_type", "text_time"},
                                      {"addition_time_embed_dim", 4},
                                      {"projection_class_embeddings_input_dim", 34}});
  EXPECT_EQ(inputs.conditioning.get("text_embeds").sizes(), (at::IntArrayRef{2, 10}));
  EXPECT_TRUE(at::equal(inputs.conditioning.get("time_ids")[1],
                        at::tensor({64.F, 48.F, 0.F, 0.F, 64.F, 48.F})));
}

TEST(RandomInputs, NoRoomForPooledTextIsSaid) {
  try {
    make({{"addition_embed_type", "text_time"},
          {"addition_time_embed_dim", 4},
          {"projection_class_embeddings_input_dim", 24}});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
  }
}

}  // namespace
}  // namespace fdbench
