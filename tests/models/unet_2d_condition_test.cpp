#include "models/unet_2d_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/error.h"
#include "models/tiny_models.h"
#include "nn/random_weights.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Denoiser> make(const json& options = json::object()) {
  RandomWeights weights;
  return make_unet_2d_condition(tiny_unet_config(options), weights, nullptr, "unet/config.json");
}

Conditioning conditioning(std::int64_t batch) {
  return {{"encoder_hidden_states", noise({batch, 5, 6}, 2)}};
}

TEST(UNet2DConditionModel, LayersAreTheModulesInTheOrderTheyRun) {
  const auto unet = make();
  std::vector<std::string> names;
  for (const LayerInfo& layer : unet->layers()) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("conv_in", "down_blocks.0.resnets.0", "down_blocks.0.attentions.0",
                                 "down_blocks.0.downsamplers.0", "down_blocks.1.resnets.0",
                                 "mid_block.resnets.0", "mid_block.attentions.0",
                                 "mid_block.resnets.1", "up_blocks.0.resnets.0",
                                 "up_blocks.0.resnets.1", "up_blocks.0.upsamplers.0",
                                 "up_blocks.1.resnets.0", "up_blocks.1.attentions.0",
                                 "up_blocks.1.resnets.1", "up_blocks.1.attentions.1", "conv_out"));
  EXPECT_THAT(block_names(unet->layers()),
              ElementsAre("conv_in", "down_blocks.0", "down_blocks.1", "mid_block", "up_blocks.0",
                          "up_blocks.1", "conv_out"));
}

TEST(UNet2DConditionModel, UpResnetsTakeTheSkipsLastFirst) {
  const auto unet = make();
  std::map<std::string, std::vector<int>> inputs;
  std::map<std::string, int> index;
  for (std::size_t i = 0; i < unet->layers().size(); ++i) {
    for (const Edge& input : unet->layers()[i].inputs) {
      inputs[unet->layers()[i].name].push_back(input.layer);
      const bool is_second = inputs[unet->layers()[i].name].size() == 2;
      EXPECT_EQ(input.kind, is_second ? EdgeKind::kSkip : EdgeKind::kMain);
    }
    index[unet->layers()[i].name] = static_cast<int>(i);
  }
  EXPECT_THAT(inputs["conv_in"], ElementsAre(kSample));
  EXPECT_THAT(inputs["up_blocks.0.resnets.0"],
              ElementsAre(index["mid_block.resnets.1"], index["down_blocks.1.resnets.0"]));
  EXPECT_THAT(inputs["up_blocks.0.resnets.1"],
              ElementsAre(index["up_blocks.0.resnets.0"], index["down_blocks.0.downsamplers.0"]));
  EXPECT_THAT(inputs["up_blocks.1.resnets.0"],
              ElementsAre(index["up_blocks.0.upsamplers.0"], index["down_blocks.0.attentions.0"]));
  EXPECT_THAT(inputs["up_blocks.1.resnets.1"],
              ElementsAre(index["up_blocks.1.attentions.0"], index["conv_in"]));
}

TEST(UNet2DConditionModel, RolesAreThePaperS) {
  const auto unet = make();
  for (const LayerInfo& layer : unet->layers()) {
    const bool encoder = layer.block == "conv_in" || layer.block.starts_with("down_blocks");
    const char* part = encoder                      ? parts::kEncoder
                       : layer.block == "mid_block" ? parts::kBottleneck
                                                    : parts::kDecoder;
    EXPECT_EQ(layer.part, part) << layer.name;
  }
}

TEST(UNet2DConditionModel, StableDiffusion1HasThe44ModulesOfThePaper) {
  const auto unet = make(
      {{"block_out_channels", {8, 8, 8, 8}},
       {"down_block_types",
        {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"}},
       {"up_block_types",
        {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}},
       {"layers_per_block", 2}});
  EXPECT_EQ(unet->layers().size(), 44u + 2u);
  EXPECT_EQ(block_names(unet->layers()).size(), 11u);
}

TEST(UNet2DConditionModel, LayersArePure) {
  const auto unet = make();
  const at::Tensor sample = noise({2, 4, 8, 8});
  const auto state =
      unet->begin(at::tensor({7, 900}), conditioning(2), shape_of(sample), CallOptions());
  std::vector<at::Tensor> outputs, copies;
  for (std::size_t i = 0; i < unet->layers().size(); ++i) {
    std::vector<LayerInput> inputs;
    for (const Edge& input : unet->layers()[i].inputs) {
      inputs.push_back({input.layer == kSample ? sample : outputs[input.layer]});
    }
    std::unique_ptr<LayerMemo> memo;
    outputs.push_back(unet->run(static_cast<int>(i), inputs, *state, &memo).front());
    copies.push_back(outputs.back().clone());
    const at::Tensor again = unet->run(static_cast<int>(i), inputs, *state, &memo).front();
    EXPECT_TRUE(at::equal(outputs.back(), again)) << unet->layers()[i].name;
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(at::equal(outputs[i], copies[i])) << unet->layers()[i].name << " was changed";
  }
  EXPECT_TRUE(
      at::equal(outputs.back(), forward(*unet, sample, at::tensor({7, 900}), conditioning(2))));
}

TEST(UNet2DConditionModel, KeepsBatchEntriesApart) {
  const auto unet = make();
  const at::Tensor sample = noise({3, 4, 8, 8}), timesteps = at::tensor({1, 500, 999});
  const Conditioning text = conditioning(3);
  const at::Tensor all = forward(*unet, sample, timesteps, text);
  const Conditioning one = text.entries(1, 1);
  const at::Tensor single = forward(*unet, sample.slice(0, 1, 2), timesteps.slice(0, 1, 2), one);
  EXPECT_LT(difference(all.slice(0, 1, 2), single), 1e-5);
}

TEST(UNet2DConditionModel, TakesAnySizeOfLatent) {
  for (const int padding : {0, 1}) {
    const auto unet = make({{"downsample_padding", padding}});
    for (const auto& [height, width] : {std::pair{8, 8}, std::pair{7, 9}, std::pair{2, 13}}) {
      const at::Tensor y =
          forward(*unet, noise({1, 4, height, width}), at::tensor({5}), conditioning(1));
      EXPECT_EQ(y.sizes(), (std::vector<std::int64_t>{1, 4, height, width}));
    }
  }
}

TEST(UNet2DConditionModel, ParametersAreCountedOnce) {
  RandomWeights weights;
  const auto unet = make_unet_2d_condition(tiny_unet_config(), weights, nullptr, "c");
  EXPECT_TRUE(weights.finished);
  // conv_in: 8 x 4 x 3 x 3 weights and 8 biases.
  EXPECT_EQ(unet->info().layer_parameters[0], 8 * 4 * 9 + 8);
  // time_embedding: 8 -> 32 -> 32.
  EXPECT_EQ(unet->info().step_parameters, 8 * 32 + 32 + 32 * 32 + 32);
}

TEST(UNet2DConditionModel, MultiplyAddsGrowWithTheBatch) {
  const auto unet = make();
  const auto one = multiply_adds(*unet, {1, {8, 8}, 5}), two = multiply_adds(*unet, {2, {8, 8}, 5});
  ASSERT_EQ(one.size(), unet->layers().size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(2 * one[i], two[i]);
  EXPECT_EQ(one[0], 8 * 8 * 8 * 4 * 9);
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(UNet2DConditionModel, ConditionsThatDoNotFitAreNamed) {
  const auto unet = make();
  const at::Tensor t = at::tensor({1, 2});
  EXPECT_EQ(message_of([&] {
              unet->begin(t, {}, {1, {8, 8}}, {});
            }),
            "encoder_hidden_states is missing: this UNet needs [2, tokens, 6]");
  EXPECT_EQ(message_of([&] {
              unet->begin(t, conditioning(3), {1, {8, 8}}, {});
            }),
            "encoder_hidden_states has a batch of 3, which does not go with 2");
  const auto floored = make({{"downsample_padding", 0}});
  EXPECT_THAT(message_of([&] {
                floored->begin(t, conditioning(2), {1, {8, 1}}, {});
              }),
              HasSubstr("a latent of 8x1 is too small"));
  EXPECT_THAT(message_of([&] {
                unet->begin(t, conditioning(2), {1, {3, 8, 8}}, {});
              }),
              HasSubstr("latents of height and width, not of 3 axes"));
}

TEST(UNet2DConditionModel, AddedConditionsOfSdxlAreNeeded) {
  const auto unet = make({{"addition_embed_type", "text_time"},
                          {"addition_time_embed_dim", 4},
                          {"projection_class_embeddings_input_dim", 6 * 4 + 3}});
  Conditioning added = conditioning(2);
  const auto begin = [&] { unet->begin(at::tensor({1, 2}), added, {1, {8, 8}}, {}); };
  EXPECT_THAT(message_of(begin), HasSubstr("text_embeds is missing"));
  added.set("text_embeds", noise({2, 3}));
  EXPECT_THAT(message_of(begin), HasSubstr("time_ids is missing"));
  added.set("time_ids", at::ones({2, 5}));
  EXPECT_THAT(message_of(begin), HasSubstr("make 23 values; this UNet needs 27"));
  added.set("time_ids", at::ones({2, 6}));
  EXPECT_EQ(message_of(begin), "no error");
}

TEST(UNet2DConditionModel, LayersSayWhatTheyReadOfTheConditioning) {
  const auto reads_of = [](const Denoiser& unet, const std::string& name) {
    for (const LayerInfo& layer : unet.layers()) {
      if (layer.name == name) return layer.reads;
    }
    return std::vector<std::string>{"no such layer"};
  };
  const auto plain = make();
  EXPECT_THAT(reads_of(*plain, "down_blocks.0.resnets.0"), testing::IsEmpty());
  EXPECT_THAT(reads_of(*plain, "down_blocks.0.attentions.0"), ElementsAre("encoder_hidden_states"));
  const auto sdxl = make({{"addition_embed_type", "text_time"},
                          {"addition_time_embed_dim", 4},
                          {"projection_class_embeddings_input_dim", 6 * 4 + 3}});
  EXPECT_THAT(reads_of(*sdxl, "conv_in"), testing::IsEmpty());
  EXPECT_THAT(reads_of(*sdxl, "down_blocks.0.resnets.0"), ElementsAre("text_embeds", "time_ids"));
  std::vector<std::string> names;
  for (const ConditioningInput& input : sdxl->info().conditioning) names.push_back(input.name);
  EXPECT_THAT(names, ElementsAre("encoder_hidden_states", "text_embeds", "time_ids"));
}

TEST(UNet2DConditionModel, SampleSizeMayBeHeightAndWidth) {
  const auto unet = make({{"sample_size", {8, 12}}});
  EXPECT_THAT(unet->info().sample_axes, ElementsAre(8, 12));
}

}  // namespace
}  // namespace fdbench
