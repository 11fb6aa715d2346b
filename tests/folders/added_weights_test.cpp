#include "folders/added_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folders/model_folder.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

class AddedWeightsTest : public testing::Test {
 protected:
  AddedWeightsTest() {
    folder.write("m/unet/config.json", R"({"_class_name": "UNet2DConditionModel"})");
    folder.write("m/text_encoder/config.json", R"({"vocab_size": 3})");
    save_safetensors(folder / "m/unet/diffusion_pytorch_model.safetensors",
                     {{"conv_in.weight", at::ones({2, 3, 1, 1})},
                      {"a.to_q.weight", at::ones({2, 2})},
                      {"a.to_q.bias", at::ones({2})}});
    save_safetensors(folder / "m/text_encoder/model.safetensors",
                     {{"embeddings.token_embedding.weight", at::ones({3, 2})}});
    lora("a", 1);
  }
  /// Adds value to every number of a.to_q.weight.
  void lora(const std::string& name, double value) const {
    save_safetensors(folder / (name + ".safetensors"),
                     {{"unet.a.to_q.lora_A.weight", at::full({1, 2}, value)},
                      {"unet.a.to_q.lora_B.weight", at::ones({2, 1})}});
  }
  ModelFolder open(std::vector<WeightAddition> files) const {
    return ModelFolder(folder / "m", "", {std::move(files), {}});
  }
  WeightAddition of(const std::string& name, double scale = 1) const {
    return {AdditionKind::kLora, folder / (name + ".safetensors"), scale, ""};
  }
  TemporaryFolder folder;
};

TEST_F(AddedWeightsTest, MergesWithScales) {
  lora("b", 2);
  const auto weights = open({of("a", 0.5), of("b", -1)}).weights("unet", at::kHalf, at::kCPU);
  const at::Tensor merged = weights->take("a.to_q.weight", {2, 2});
  EXPECT_TRUE(at::equal(merged, at::full({2, 2}, -0.5, at::kHalf)));
  EXPECT_TRUE(at::equal(weights->take("a.to_q.bias", {2}), at::ones({2}, at::kHalf)));
  weights->take("conv_in.weight", {2, 3, 1, 1});
  weights->finish();
}

TEST_F(AddedWeightsTest, AChangeThatNobodyTakesIsAnError) {
  const auto weights = open({of("a")}).weights("unet", at::kFloat, at::kCPU);
  weights->take("a.to_q.bias", {2});
  weights->take("conv_in.weight", {2, 3, 1, 1});
  EXPECT_THAT(message_of([&] { weights->finish(); }), HasSubstr("a.to_q.weight"));
}

TEST_F(AddedWeightsTest, HashesKnowContentAndScale) {
  const std::string plain = ModelFolder(folder / "m").weights_hash("unet");
  const std::string merged = open({of("a")}).weights_hash("unet");
  EXPECT_NE(merged, plain);
  EXPECT_NE(open({of("a", 0.5)}).weights_hash("unet"), merged);
  EXPECT_EQ(open({of("a")}).weights_hash("unet"), merged);
  EXPECT_EQ(open({of("a")}).weights_hash("text_encoder"),
            ModelFolder(folder / "m").weights_hash("text_encoder"));
  lora("a", 3);
  EXPECT_NE(open({of("a")}).weights_hash("unet"), merged);
}

TEST_F(AddedWeightsTest, NamesThemBehindThePath) {
  EXPECT_THAT(open({of("a", 0.5)}).description(), HasSubstr(" + lora "));
  EXPECT_THAT(open({of("a", 0.5)}).description(), HasSubstr("a.safetensors:0.5"));
  EXPECT_EQ(additions_json(open({of("a", 0.5)}).additions()),
            R"([{"lora":"a.safetensors","scale":0.5}])");
}

TEST_F(AddedWeightsTest, LearnedWordsAreRowsBehindTheTable) {
  save_safetensors(folder / "w.safetensors", {{"<cat>", at::full({2, 2}, 5.)}});
  const ModelFolder opened = open({{AdditionKind::kEmbedding, folder / "w.safetensors", 1, ""}});
  EXPECT_EQ(opened.config("text_encoder")["vocab_size"], 5);
  const auto weights = opened.weights("text_encoder", at::kFloat, at::kCPU);
  const at::Tensor table = weights->take("embeddings.token_embedding.weight", {5, 2});
  EXPECT_TRUE(at::equal(table, at::cat({at::ones({3, 2}), at::full({2, 2}, 5.)})));
  ASSERT_EQ(opened.learned_tokens("text_encoder").size(), 2);
  EXPECT_EQ(opened.learned_tokens("text_encoder")[1].content, "<cat>_1");
  EXPECT_EQ(opened.learned_tokens("text_encoder")[1].id, 4);
  EXPECT_TRUE(opened.learned_tokens("unet").empty());
}

TEST_F(AddedWeightsTest, ConvolutionsWithAFactorInTheMiddle) {
  save_safetensors(folder / "c.safetensors",
                   {{"lora_unet_conv_in.lora_down.weight", at::ones({2, 3, 1, 1})},
                    {"lora_unet_conv_in.lora_mid.weight", at::full({2, 2, 1, 1}, 0.5)},
                    {"lora_unet_conv_in.lora_up.weight", at::ones({2, 2, 1, 1})},
                    {"lora_unet_conv_in.alpha", at::tensor(1.0)}});
  const auto weights = open({of("c")}).weights("unet", at::kFloat, at::kCPU);
  // Of 1: alpha / rank 0.5, times the sum of two by two products of 0.5.
  EXPECT_TRUE(at::equal(weights->take("conv_in.weight", {2, 3, 1, 1}), at::full({2, 3, 1, 1}, 2.)));
}

}  // namespace
}  // namespace fdbench
