#include "models/clip_text.h"

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

CLIPTextModel make(const json& options = json::object()) {
  RandomWeights weights;
  return CLIPTextModel(tiny_text_config(options), weights, "text_encoder/config.json");
}

TEST(CLIPTextModel, NoTokenSeesTheTokensAfterIt) {
  const CLIPTextModel model = make();
  const at::Tensor a = model.last_hidden_state(at::tensor({1, 2, 3, 4, 5}, at::kLong).view({1, 5}));
  const at::Tensor b = model.last_hidden_state(at::tensor({1, 2, 3, 9, 9}, at::kLong).view({1, 5}));
  EXPECT_LT(difference(a.slice(1, 0, 3), b.slice(1, 0, 3)), 1e-6);
  EXPECT_GT(difference(a.slice(1, 3), b.slice(1, 3)), 1e-3);
}

TEST(CLIPTextModel, GivesItsSizes) {
  const CLIPTextModel model = make();
  EXPECT_EQ(model.hidden_size(), 8);
  EXPECT_EQ(model.max_position_embeddings(), 6);
  EXPECT_EQ(model.last_hidden_state(at::zeros({2, 6}, at::kLong)).sizes(),
            (std::vector<std::int64_t>{2, 6, 8}));
}

TEST(CLIPTextModel, TakesKeysWithAndWithoutPrefix) {
  RandomWeights plain, prefixed;
  prefixed.names = {"text_model.final_layer_norm.weight", "text_model.embeddings.position_ids"};
  CLIPTextModel(tiny_text_config(), plain, "c");
  CLIPTextModel(tiny_text_config(), prefixed, "c");
  EXPECT_TRUE(plain.taken.contains("embeddings.token_embedding.weight"));
  EXPECT_TRUE(prefixed.taken.contains("text_model.embeddings.token_embedding.weight"));
  EXPECT_TRUE(prefixed.taken.contains("text_model.embeddings.position_ids"));
  EXPECT_TRUE(plain.finished && prefixed.finished);
}

TEST(CLIPTextModel, KeysThatDoNotConcernTheComputationAreLeftAlone) {
  EXPECT_EQ(message_of([] {
              make({{"projection_dim", 8}, {"initializer_range", 0.02}});
            }),
            "no error");
}

TEST(CLIPTextModel, OptionsThatCannotWorkAreNamed) {
  EXPECT_THAT(message_of([] {
                make({{"hidden_act", "quick_gellu"}});
              }),
              HasSubstr("did you mean 'quick_gelu'?"));
  EXPECT_THAT(message_of([] {
                make({{"num_attention_heads", 3}});
              }),
              HasSubstr("must divide hidden_size 8"));
  EXPECT_THAT(message_of([] { make({{"model_type", "t5"}}); }), HasSubstr("'clip_text_model'"));
}

TEST(CLIPTextModel, IdsThatDoNotFitAreNamed) {
  const CLIPTextModel model = make();
  EXPECT_THAT(message_of([&] {
                model.last_hidden_state(at::full({1, 2}, 20, at::kLong));
              }),
              HasSubstr("token id 20 is outside the text encoder's vocabulary of 20"));
  EXPECT_THAT(message_of([&] {
                model.last_hidden_state(at::zeros({1, 7}, at::kLong));
              }),
              HasSubstr("takes 6 tokens at most, not 7"));
  EXPECT_THAT(message_of([&] { model.last_hidden_state(at::zeros({2}, at::kLong)); }),
              HasSubstr("[n, l] of int64"));
}

}  // namespace
}  // namespace fdbench
