#include "folders/architectures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Architectures, AreThoseOfTheSourceFolder) {
  EXPECT_THAT(architecture_names(),
              ElementsAre("dit_xl_2_256", "dit_xl_2_512", "sd15", "sd21", "sdxl"));
}

TEST(Architectures, AreModelsWithoutFiles) {
  const ModelFolder model = open_architecture("sd15", 3);
  EXPECT_TRUE(model.synthetic());
  EXPECT_EQ(model.description(), "sd15 (random weights, seed 3)");
  EXPECT_TRUE(model.has("unet"));
  EXPECT_FALSE(model.has("tokenizer"));
  EXPECT_EQ(model.config("unet")["cross_attention_dim"], 768);
  EXPECT_EQ(model.weights("unet", at::kBFloat16, at::kCPU)->take("x.weight", {2, 3}).scalar_type(),
            at::kBFloat16);
}

TEST(Architectures, HaveAHashOfConfigAndSeed) {
  const std::string hash = open_architecture("sd15", 0).weights_hash("unet");
  EXPECT_EQ(open_architecture("sd15", 0).weights_hash("unet"), hash);
  EXPECT_NE(open_architecture("sd15", 1).weights_hash("unet"), hash);
  EXPECT_NE(open_architecture("sd21", 0).weights_hash("unet"), hash);
}

TEST(Architectures, AreFoundFromTheProgramsFolderToo) {
  const std::filesystem::path before = std::filesystem::current_path();
  const TemporaryFolder elsewhere;
  std::filesystem::current_path(elsewhere.path());
  EXPECT_THAT(architecture_names(),
              ElementsAre("dit_xl_2_256", "dit_xl_2_512", "sd15", "sd21", "sdxl"));
  std::filesystem::current_path(before);
}

TEST(Architectures, FaultsAreNamed) {
  EXPECT_THAT(message_of([] { open_architecture("sd16", 0); }),
              HasSubstr("architecture 'sd16' is not known, did you mean 'sd15'?"));
  EXPECT_THAT(message_of([] { open_model({}); }), HasSubstr("no model: give MODEL_DIR"));
  EXPECT_THAT(message_of([] {
                open_model({"models/mini", "sd15", 0});
              }),
              HasSubstr("only one can be used"));
}

TEST(Architectures, ThoseWithoutAUNetAreForThoseWhoAsk) {
  const ModelSource source{"", "dit_xl_2_256", 0};
  EXPECT_TRUE(open_any_model(source).has("transformer"));
  EXPECT_THAT(message_of([&] { open_model(source); }),
              HasSubstr("is the folder of a DiTPipeline: its denoiser is a transformer "
                        "(DiTTransformer2DModel), no UNet"));
}

}  // namespace
}  // namespace fdbench
