#include "folders/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "io/json_file.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

constexpr const char* kSingle = "unet/diffusion_pytorch_model.safetensors";
constexpr const char* kIndex = "unet/diffusion_pytorch_model.safetensors.index.json";

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() {
    folder.write("unet/config.json", R"({"_class_name": "UNet2DConditionModel"})");
  }
  void save(const std::string& name, const std::string& tensor) const {
    save_safetensors(folder / name, {{tensor, at::ones({2})}});
  }
  std::unique_ptr<Weights> open() const {
    return ModelFolder(folder.path()).weights("unet", at::kFloat, at::kCPU);
  }
  std::string fault() const {
    return message_of([&] { open(); });
  }
  TemporaryFolder folder;
};

TEST(ReadJson, NamesLineAndColumn) {
  const TemporaryFolder folder;
  const auto path = folder.write("a.json", "{\n  \"a\": 1,\n  \"b\" 2\n}");
  EXPECT_THAT(message_of([&] { read_json(path); }),
              HasSubstr("a.json:3:7: is not JSON: syntax error"));
  EXPECT_THAT(message_of([&] { read_json(folder / "b.json"); }),
              HasSubstr("b.json: does not exist"));
  EXPECT_THAT(message_of([&] { read_json(folder.write("c.json", "")); }),
              HasSubstr("c.json:1:1: is not JSON"));
}

TEST_F(ModelFolderTest, OpensASingleFile) {
  save(kSingle, "x");
  EXPECT_TRUE(open()->contains("x"));
}

TEST_F(ModelFolderTest, FallsBackToTheHalfPrecisionVariant) {
  save("unet/diffusion_pytorch_model.fp16.safetensors", "x");
  EXPECT_TRUE(open()->contains("x"));
  save(kSingle, "y");
  EXPECT_TRUE(open()->contains("y"));
}

TEST_F(ModelFolderTest, OpensShards) {
  save("unet/1.safetensors", "x");
  save("unet/2.safetensors", "y");
  folder.write(kIndex, R"({"weight_map": {"x": "1.safetensors", "y": "2.safetensors"}})");
  EXPECT_TRUE(open()->contains("x"));
  EXPECT_TRUE(open()->contains("y"));
}

TEST_F(ModelFolderTest, NamesFaultsOfShards) {
  save("unet/1.safetensors", "x");
  folder.write(kIndex, R"({"weight_map": {"x": "1.safetensors", "y": "2.safetensors"}})");
  EXPECT_THAT(fault(), HasSubstr("2.safetensors: this shard is missing"));
  folder.write(kIndex, R"({"weight_map": {"x": "1.safetensors", "y": "1.safetensors"}})");
  EXPECT_THAT(fault(), HasSubstr("1.safetensors: has no tensor 'y'"));
  save("unet/2.safetensors", "z");
  folder.write(kIndex, R"({"weight_map": {"z": "2.safetensors"}})");
  save("unet/2.safetensors", "w");
  EXPECT_THAT(fault(), HasSubstr("has no tensor 'z'"));
  folder.write(kIndex, R"({"weight_map": {"x": "../a.safetensors"}})");
  EXPECT_THAT(fault(), HasSubstr("a file in the same folder"));
  folder.write(kIndex, "{}");
  EXPECT_THAT(fault(), HasSubstr("has no 'weight_map'"));
}

TEST_F(ModelFolderTest, SaysHowToConvertPickledWeights) {
  EXPECT_THAT(fault(), HasSubstr("has no weights"));
  folder.write("unet/diffusion_pytorch_model.bin", "");
  EXPECT_THAT(fault(), HasSubstr("only safetensors are read; convert it"));
}

TEST_F(ModelFolderTest, TakesAPartsOwnFolder) {
  const ModelFolder unet(folder / "unet");
  EXPECT_TRUE(unet.has("unet"));
  EXPECT_FALSE(unet.has("vae"));
  EXPECT_EQ(unet.config("unet")["_class_name"], "UNet2DConditionModel");
}

TEST_F(ModelFolderTest, SaysWhatAModelFolderIs) {
  const auto fault_of = [](const std::filesystem::path& path) {
    return message_of([&] { const ModelFolder opened(path); });
  };
  EXPECT_THAT(fault_of(folder / "none"),
              HasSubstr("none: does not exist; a diffusers model folder"));
  EXPECT_THAT(fault_of(folder.write("file", "")), HasSubstr("is not a folder"));
  std::filesystem::create_directory(folder / "empty");
  EXPECT_THAT(fault_of(folder / "empty"), HasSubstr("is not a model folder"));
  EXPECT_THAT(message_of([&] { ModelFolder(folder.path()).config("vae"); }),
              HasSubstr("has no vae/"));
}

TEST_F(ModelFolderTest, HashFollowsTheContents) {
  const ModelFolder model(folder.path());
  save(kSingle, "x");
  const std::string before = model.weights_hash("unet");
  save(kSingle, "y");
  const std::string after = model.weights_hash("unet");
  EXPECT_NE(after, before);
  save(kSingle, "x");
  EXPECT_EQ(model.weights_hash("unet"), before);
}

}  // namespace
}  // namespace fdbench
