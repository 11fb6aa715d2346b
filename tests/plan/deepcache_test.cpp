#include "plan/deepcache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/toy_denoiser.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"
#include "plan/schedule.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const KeySteps kKeys = {true, false, true};

/// '1' where the layer runs at step 1, which is no key step.
std::string cached_row(const DeepCacheOptions& options, std::span<const LayerInfo> layers) {
  const Schedule schedule(deepcache_plan(options, kKeys, layers), layers);
  std::string text;
  for (int layer = 0; layer < schedule.num_layers(); ++layer) {
    EXPECT_TRUE(schedule.runs(0, layer) && schedule.runs(2, layer)) << layer;
    text += schedule.runs(1, layer) ? '1' : '0';
  }
  EXPECT_FALSE(schedule.independent(1)) << "the shallow layers look at the latent";
  return text;
}

template <typename Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

std::string refusal(const DeepCacheOptions& options, std::span<const LayerInfo> layers) {
  return message_of([&] { resolve_branch(options, layers); });
}

std::unique_ptr<Denoiser> tiny_unet() {
  RandomWeights weights;
  return make_unet_2d_condition(tiny_unet_config({{"layers_per_block", 2}}), weights, nullptr, "c");
}

TEST(DeepCache, HoldsWhatLiesBetweenTheEndsOfTheSkip) {
  const ToyDenoiser toy;
  EXPECT_EQ(cached_row({}, toy.layers()), "1100011") << "up.1 takes down.0";
  EXPECT_EQ(cached_row({0, 1, {}, 0, {}}, toy.layers()), "1110111") << "up.0 takes down.1";
}

TEST(DeepCache, KeepsTheShallowLayersOfAUNet) {
  const auto unet = tiny_unet();
  const auto layers = unet->layers();
  const auto running = [&](int branch) {
    DeepCacheOptions options;
    options.cache_branch = branch;
    const std::string row = cached_row(options, layers);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (row[i] == '1') names.push_back(layers[i].name);
    }
    return names;
  };
  EXPECT_THAT(running(0), ElementsAre("conv_in", "up_blocks.1.resnets.2",
                                      "up_blocks.1.attentions.2", "conv_out"));
  EXPECT_THAT(running(1),
              ElementsAre("conv_in", "down_blocks.0.resnets.0", "down_blocks.0.attentions.0",
                          "up_blocks.1.resnets.1", "up_blocks.1.attentions.1",
                          "up_blocks.1.resnets.2", "up_blocks.1.attentions.2", "conv_out"));
  EXPECT_EQ(running(5).size(), layers.size() - 3) << "branch 5 holds the mid block's three layers";
}

TEST(DeepCache, ABranchIsCountedThroughTheBlocks) {
  const auto unet = tiny_unet();
  for (int branch = 0; branch < 6; ++branch) {
    DeepCacheOptions options;
    options.cache_branch = branch;
    const DeepCacheOptions ids = resolve_branch(options, unet->layers());
    EXPECT_EQ(ids.cache_block_id, branch / 3);
    EXPECT_EQ(ids.cache_layer_id, branch % 3);
  }
}

TEST(DeepCache, AnIdOutsideTheModelNamesTheRange) {
  const auto unet = tiny_unet();
  const auto layers = unet->layers();
  EXPECT_EQ(refusal({2, 0, {}, 0, {}}, layers), "cache_block_id 2 is outside 0..1 of this model");
  EXPECT_EQ(refusal({1, 3, {}, 0, {}}, layers),
            "cache_layer_id 3 is outside 0..2 of cache_block_id 1 of this model");
  EXPECT_EQ(refusal({0, -1, {}, 0, {}}, layers),
            "cache_layer_id -1 is outside 0..2 of cache_block_id 0 of this model");
  EXPECT_EQ(refusal({0, 0, 6, 0, {}}, layers), "cache_branch 6 is outside 0..5 of this model");
  const std::vector<LayerInfo> chain = {{"a", "a", parts::kEncoder, {kSample}},
                                        {"b", "b", parts::kDecoder, {0}}};
  EXPECT_THAT(refusal({}, chain), HasSubstr("needs a model with skip connections"));
}

TEST(DeepCache, RefreshesUniformlyOrAroundACenter) {
  EXPECT_EQ(deepcache_key_steps(3, {}, 7), uniform_key_steps(3, 7));
  EXPECT_EQ(deepcache_key_steps(1, QuadCenter{2, 1.4}, 7), uniform_key_steps(1, 7));
  // The library's sample_from_quad_center(50, 10, 15, 1.4).
  const KeySteps keys = deepcache_key_steps(5, QuadCenter{15, 1.4}, 50);
  std::vector<int> orders;
  for (int order = 0; order < 50; ++order) {
    if (keys[order]) orders.push_back(order);
  }
  EXPECT_THAT(orders, ElementsAre(0, 5, 9, 13, 17, 21, 26, 31, 37, 43));
}

TEST(DeepCache, ScheduleNeedsSensibleNumbers) {
  const auto refused = [](int interval, const std::optional<QuadCenter>& non_uniform) {
    return message_of([&] { deepcache_key_steps(interval, non_uniform, 50); });
  };
  EXPECT_EQ(refused(0, {}), "cache_interval must be at least 1, not 0");
  EXPECT_EQ(refused(2, QuadCenter{50, 1.4}),
            "center 50 is outside 0..49, the steps in sampling order");
  EXPECT_EQ(refused(2, QuadCenter{-1, 1.4}),
            "center -1 is outside 0..49, the steps in sampling order");
  EXPECT_EQ(refused(2, QuadCenter{15, 1}), "pow must be above 1 and at most 10, not 1");
  EXPECT_THAT(refused(2, QuadCenter{15, 1e9}), HasSubstr("at most 10"));
}

TEST(DeepCache, LabelsNameWhatWasChosen) {
  EXPECT_EQ(deepcache_label({0, 0, {}, 3, {}}, ""), "interval_3");
  EXPECT_EQ(deepcache_label({0, 0, 0, 3, {}}, ""), "interval_3");
  EXPECT_EQ(deepcache_label({0, 0, 2, 3, QuadCenter{15, 1.4}}, ""),
            "interval_3_center_15_pow_1.4/branch_2");
  EXPECT_EQ(deepcache_label({1, 2, {}, 0, {}}, "9_keys"), "9_keys/block_1_layer_2");
}

}  // namespace
}  // namespace fdbench
