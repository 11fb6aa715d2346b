#include "io/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class WeightsTest : public testing::Test {
 protected:
  WeightsTest() {
    save_safetensors(folder / "a", {{"conv_in.weight", at::ones({2, 3})},
                                    {"conv_in.bias", at::ones({2}, at::kHalf)},
                                    {"embeddings.position_ids", at::arange(4)},
                                    {"steps", at::arange(4)}});
  }
  SafetensorsWeights open(at::ScalarType dtype = at::kFloat, at::Device device = at::kCPU) const {
    std::vector<SafetensorsFile> files;
    files.emplace_back(folder / "a");
    return SafetensorsWeights(std::move(files), dtype, device);
  }
  TemporaryFolder folder;
};

TEST_F(WeightsTest, ConvertsToTheWantedType) {
  SafetensorsWeights weights = open(at::kDouble);
  EXPECT_TRUE(at::equal(weights.take("conv_in.bias", {2}), at::ones({2}, at::kDouble)));
  EXPECT_EQ(open(at::kFloat, at::kMeta).take("conv_in.weight", {2, 3}).device(),
            at::Device(at::kMeta));
}

TEST_F(WeightsTest, NamesBothShapes) {
  EXPECT_THAT(message_of([&] {
                open().take("conv_in.weight", {2, 4});
              }),
              EndsWith("a: tensor 'conv_in.weight' has shape [2, 3], the config wants [2, 4]"));
}

TEST_F(WeightsTest, NamesAMissingTensorAndTheNearest) {
  EXPECT_THAT(
      message_of([&] {
        open().take("conv_in.weights", {2, 3});
      }),
      HasSubstr("tensor 'conv_in.weights' is missing; the config wants it, the nearest name in "
                "the file is 'conv_in.weight'"));
}

TEST_F(WeightsTest, RefusesIntegersForAWeight) {
  EXPECT_THAT(message_of([&] { open().take("steps", {4}); }),
              HasSubstr("tensor 'steps' holds Long values"));
  EXPECT_EQ(open().take("embeddings.position_ids", {4}).scalar_type(), at::kLong);
}

TEST_F(WeightsTest, NamesSurplusTensors) {
  SafetensorsWeights weights = open();
  weights.take("conv_in.weight", {2, 3});
  EXPECT_THAT(message_of([&] { weights.finish(); }),
              HasSubstr("tensor 'conv_in.bias' (and 2 more) is surplus"));
  weights.take("conv_in.bias", {2});
  weights.allow_surplus("embeddings.position_ids");
  weights.allow_surplus("steps");
  EXPECT_EQ(message_of([&] { weights.finish(); }), "");
}

TEST_F(WeightsTest, RefusesATensorInTwoShards) {
  EXPECT_THAT(message_of([&] {
                std::vector<SafetensorsFile> files;
                files.emplace_back(folder / "a");
                files.emplace_back(folder / "a");
                const SafetensorsWeights weights(std::move(files), at::kFloat, at::kCPU);
              }),
              HasSubstr("is also in"));
}

}  // namespace
}  // namespace fdbench
