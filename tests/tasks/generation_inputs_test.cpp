#include "tasks/generation_inputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tasks/embedded_model.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using Tensors = std::map<std::string, at::Tensor>;

class GenerationInputsTest : public testing::Test {
 protected:
  GenerationRequest request(const std::vector<std::string>& prompts, const Tensors& tensors,
                            bool guided = true) {
    GenerationRequest request;
    request.prompts = prompts;
    request.guided = guided;
    if (!tensors.empty()) {
      save_safetensors(folder_.path() / "in.safetensors", tensors);
      request.inputs.emplace(folder_.path() / "in.safetensors");
    }
    return request;
  }

  static GenerationInputs make(const GenerationRequest& request) {
    static const TextToImagePipeline pipeline(ModelFolder{embedded_model()});
    return make_generation_inputs(pipeline, request);
  }

  std::string message_of(const std::vector<std::string>& prompts, const Tensors& tensors,
                         bool guided = true) {
    try {
      make(request(prompts, tensors, guided));
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), 2);
      return error.what();
    }
    return "";
  }

  TemporaryFolder folder_;
  const at::Tensor latents_ = at::randn({2, 4, 16, 16});
  const at::Tensor embeds_ = at::randn({2, 7, 128});
};

TEST_F(GenerationInputsTest, PromptsComeWithTheirNegative) {
  const GenerationInputs made = make(request({"a red circle", "a blue square"}, {}));
  EXPECT_EQ(made.num_pictures, 2);
  EXPECT_FALSE(made.latents.defined());
  EXPECT_EQ(made.unconditional.get("encoder_hidden_states").sizes(),
            made.conditional.get("encoder_hidden_states").sizes());
  EXPECT_TRUE(make(request({"x"}, {}, false)).unconditional.empty());
}

TEST_F(GenerationInputsTest, OnePromptServesAllLatents) {
  const GenerationInputs made = make(request({"a red circle"}, {{"latents", latents_}}));
  EXPECT_EQ(made.num_pictures, 2);
  EXPECT_TRUE(at::equal(made.latents, latents_));
  EXPECT_EQ(made.conditional.get("encoder_hidden_states").size(0), 2);
}

TEST_F(GenerationInputsTest, EmbeddingsReplacePrompts) {
  const GenerationInputs made =
      make(request({}, {{"prompt_embeds", embeds_}, {"negative_prompt_embeds", -embeds_}}));
  EXPECT_TRUE(at::equal(made.conditional.get("encoder_hidden_states"), embeds_));
  EXPECT_TRUE(at::equal(made.unconditional.get("encoder_hidden_states"), -embeds_));
}

TEST_F(GenerationInputsTest, GuidanceNeedsTheNegativeSide) {
  const Tensors tensors = {{"prompt_embeds", embeds_}};
  EXPECT_THAT(message_of({}, tensors), HasSubstr("needs 'negative_prompt_embeds'"));
  EXPECT_EQ(message_of({}, tensors, false), "");
}

TEST_F(GenerationInputsTest, SourcesMustBeClear) {
  EXPECT_THAT(message_of({}, {}), HasSubstr("nothing to draw"));
  EXPECT_THAT(message_of({}, {{"latents", latents_}}), HasSubstr("nothing to draw"));
  EXPECT_THAT(message_of({"x"}, {{"prompt_embeds", embeds_}}), HasSubstr("both given"));
  EXPECT_THAT(message_of({"x"}, {{"negative_prompt_embeds", embeds_}}),
              HasSubstr("without 'prompt_embeds'"));
}

TEST_F(GenerationInputsTest, TensorsMustFit) {
  EXPECT_THAT(message_of({"x"}, {{"latent", latents_}}), HasSubstr("did you mean 'latents'?"));
  EXPECT_THAT(message_of({"x"}, {{"latents", latents_[0]}}), HasSubstr("wanted is [pictures"));
  EXPECT_THAT(message_of({"x"}, {{"latents", latents_.to(at::kLong)}}),
              HasSubstr("floating-point"));
  EXPECT_THAT(message_of({"x", "y", "z"}, {{"latents", latents_}}), HasSubstr("3 pictures"));
}

}  // namespace
}  // namespace fdbench
