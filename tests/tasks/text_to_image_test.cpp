#include "tasks/text_to_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "tasks/embedded_model.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

TextToImagePipeline load(const std::filesystem::path& path) {
  return TextToImagePipeline(ModelFolder(path));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

TEST(TextToImagePipeline, EncodesPromptsToOneLength) {
  const TextToImagePipeline pipeline = load(embedded_model());
  const at::Tensor both =
      pipeline.encode_prompts({"a red circle", "a small blue square on a beige background"})
          .get("encoder_hidden_states");
  ASSERT_EQ(both.dim(), 3);
  EXPECT_EQ(both.size(0), 2);
  const at::Tensor alone = pipeline.encode_prompts({"a red circle"}).get("encoder_hidden_states");
  EXPECT_EQ(alone.sizes().slice(1), both.sizes().slice(1));
  EXPECT_TRUE(at::allclose(alone[0], both[0], 1e-5, 1e-5));
}

TEST(TextToImagePipeline, DecodesEachPictureAlone) {
  const TextToImagePipeline pipeline = load(embedded_model());
  const at::Tensor latents = at::randn({2, 4, 16, 16});
  const at::Tensor pictures = pipeline.decode(latents);
  EXPECT_EQ(pictures.sizes(), at::IntArrayRef({2, 16 * pipeline.factor(), 64, 3}));
  EXPECT_EQ(pictures.scalar_type(), at::kByte);
  EXPECT_TRUE(at::equal(pictures[1], pipeline.decode(latents.narrow(0, 1, 1))[0]));
}

TEST(TextToImagePipeline, WeightsReadAtFirstUseGiveTheSameNumbers) {
  const ModelFolder folder(embedded_model());
  const TextToImagePipeline read(folder);
  const TextToImagePipeline unread(folder, {.reading = Reading::kAtFirstUse});
  const Conditioning text = unread.encode_prompts({"a red circle"});
  const at::Tensor latents = at::randn({1, 4, 16, 16}), timesteps = at::tensor({500});
  const at::Tensor first = forward(unread.denoiser(), latents, timesteps, text);
  EXPECT_TRUE(at::equal(first, forward(read.denoiser(), latents, timesteps, text)));
  EXPECT_TRUE(at::equal(first, forward(unread.denoiser(), latents, timesteps, text)));
  EXPECT_TRUE(at::equal(unread.decode(latents), read.decode(latents)));
  EXPECT_TRUE(at::equal(unread.decode(latents), read.decode(latents))) << "and once it is read";
  ASSERT_EQ(unread.denoiser().layers().size(), read.denoiser().layers().size());
  EXPECT_EQ(multiply_adds(unread.denoiser(), {}), multiply_adds(read.denoiser(), {}));
  EXPECT_EQ(unread.denoiser().info().layer_parameters, read.denoiser().info().layer_parameters);
  EXPECT_EQ(unread.denoiser().info().step_parameters, read.denoiser().info().step_parameters);
  EXPECT_EQ(unread.denoiser().info().device, read.denoiser().info().device);
}

TEST(TextToImagePipeline, UnreadWeightsAreCheckedAtOnce) {
  const TemporaryFolder folder({"scheduler"});
  std::filesystem::create_directory(folder.path() / "unet");
  const auto weights = embedded_model() / "unet" / "diffusion_pytorch_model.safetensors";
  std::filesystem::create_symlink(weights, folder.path() / "unet" / weights.filename());
  nlohmann::json config = ModelFolder(embedded_model()).config("unet");
  config["layers_per_block"] = 3;
  folder.write("unet/config.json", config.dump());
  try {
    const TextToImagePipeline unread(ModelFolder(folder.path()), {.reading = Reading::kAtFirstUse});
    FAIL() << "the third resnet is not in the file";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is missing; the config wants it"));
  }
}

TEST(TextToImagePipeline, AUNetAloneIsEnoughToLoad) {
  const TemporaryFolder folder({"unet", "scheduler"});
  const TextToImagePipeline pipeline = load(folder.path());
  EXPECT_FALSE(pipeline.has_vae());
  EXPECT_FALSE(pipeline.has_text_encoder());
  EXPECT_EQ(pipeline.factor(), 8);
  EXPECT_THAT(message_of([&] { pipeline.encode_prompts({"x"}); }),
              HasSubstr("cannot read prompts"));
  EXPECT_THAT(message_of([&] {
                pipeline.decode(at::randn({1, 4, 16, 16}));
              }),
              HasSubstr("no vae/"));
}

TEST(TextToImagePipeline, AFolderWithHalfOfSdxlIsNamed) {
  const TemporaryFolder folder({"unet", "scheduler", "text_encoder", "tokenizer"});
  std::filesystem::create_directory(folder.path() / "text_encoder_2");
  EXPECT_THAT(message_of([&] { load(folder.path()); }),
              HasSubstr("text_encoder_2/ and tokenizer_2/ not all are there"));
}

TEST(TextToImagePipeline, RandomWeightsGoWithRandomText) {
  const TemporaryFolder folder({"unet", "vae", "scheduler"});
  const TextToImagePipeline pipeline(ModelFolder(folder.path(), 0), {.dtype = at::kBFloat16});
  EXPECT_TRUE(pipeline.synthetic());
  EXPECT_FALSE(load(embedded_model()).synthetic());
  const at::Tensor states = pipeline.encode_prompts({"a", "b", "a"}).get("encoder_hidden_states");
  EXPECT_EQ(states.sizes(), (std::vector<std::int64_t>{3, 77, 128}));
  EXPECT_EQ(states.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(at::equal(states[0], states[2]));
  EXPECT_FALSE(at::equal(states[0], states[1]));
  EXPECT_TRUE(at::equal(pipeline.encode_no_prompt(1).get("encoder_hidden_states"),
                        pipeline.encode_prompts({""}).get("encoder_hidden_states")));
}

TEST(TextToImagePipeline, SizesFollowTheModelWhereNoneIsGiven) {
  const TextToImagePipeline pipeline = load(embedded_model());
  EXPECT_EQ(pipeline.sized({}).height, 64);
  EXPECT_EQ(pipeline.sized({128, 0}).height, 128);
  EXPECT_EQ(pipeline.sized({128, 0}).width, 64);
  EXPECT_EQ(pipeline.size_of(at::zeros({1, 4, 6, 8})).width, 32);
  EXPECT_FALSE(pipeline.time_ids(1, {}).defined());
}

TEST(TextToImagePipeline, AUNetIsNeeded) {
  const TemporaryFolder folder({"vae", "scheduler"});
  EXPECT_THAT(message_of([&] { load(folder.path()); }), HasSubstr("has no unet/"));
}

TEST(SchedulerConfig, IsWhatStableDiffusionPipelineMakesOfIt) {
  const TemporaryFolder folder({"unet"});
  folder.write("scheduler/scheduler_config.json",
               R"({"_class_name": "DDIMScheduler", "clip_sample": true, "beta_end": 0.012})");
  EXPECT_EQ(scheduler_config(ModelFolder(folder.path())).config.value("clip_sample", false), true);
  folder.write("model_index.json", R"({"_class_name": "StableDiffusionPipeline"})");
  const nlohmann::json config = scheduler_config(ModelFolder(folder.path())).config;
  EXPECT_EQ(config.value("clip_sample", true), false);
  EXPECT_EQ(config.value("steps_offset", 0), 1);
  EXPECT_EQ(config.value("beta_end", 0.0), 0.012);
}

}  // namespace
}  // namespace fdbench
