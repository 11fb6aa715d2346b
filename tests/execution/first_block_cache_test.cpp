#include "plan/first_block_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution/executor.h"
#include "execution/row_decider.h"
#include "execution/toy_denoiser.h"
#include "io/temporary_folder.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"
#include "plan/schedule.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kSteps = 8;

FirstBlockCacheOptions toy_options(double threshold) { return {threshold, 0, 0, 0}; }

Plan toy_plan(const ToyDenoiser& toy, const FirstBlockCacheOptions& options,
              Reuse reuse = Reuse::kHold) {
  StrategyOptions strategy{"first_block_cache", {}, {}};
  strategy.options = {{"threshold", options.threshold},
                      {"cache_branch", options.cache_branch},
                      {"warmup", options.warmup},
                      {"max_run", options.max_run}};
  strategy.reuse = reuse;
  return make_plan(strategy, kSteps, toy.layers());
}

Plan chain_plan(const GraphToy& toy, double threshold) {
  StrategyOptions strategy{"first_block_cache", {}, {}};
  strategy.options = {{"threshold", threshold}};
  return make_plan(strategy, kSteps, toy.layers());
}

struct Ran {
  DenoiseResult result;
  std::vector<std::vector<bool>> grid;  // [step][layer]

  /// Steps at which every layer ran.
  KeySteps keys() const {
    KeySteps keys;
    for (const auto& row : grid) keys.push_back(std::count(row.begin(), row.end(), false) == 0);
    return keys;
  }
};

Ran run(const GraphToy& toy, const Plan& plan, std::int64_t num_pictures = 1,
        Execution execution = Execution::kSequential) {
  at::manual_seed(5);
  ToySampler sampler(kSteps);
  const Conditioning text{
      {"encoder_hidden_states", at::randn({num_pictures, 5, ToyDenoiser::kChannels})}};
  const Conditioning none{
      {"encoder_hidden_states", at::zeros({num_pictures, 5, ToyDenoiser::kChannels})}};
  Ran ran;
  ran.grid.assign(kSteps, std::vector<bool>(toy.layers().size(), false));
  ExecutorOptions options;
  options.guidance_scale = 4;
  options.observe_layer = [&](int step, int layer, const Value&) { ran.grid[step][layer] = true; };
  ran.result =
      denoise(toy, sampler, compile(plan, toy.layers(), {.execution = execution}),
              {text, none, at::randn({num_pictures, ToyDenoiser::kChannels, 6, 6}), {}}, options);
  return ran;
}

std::unique_ptr<RowDecider> decider(double threshold, int warmup = 0, int max_run = 0) {
  return make_row_decider({threshold, warmup, max_run, 0, {}});
}

bool refreshes(RowDecider& rule, int step, const Value& input, const Value& output) {
  return rule.refreshes(step, std::vector<const Value*>{&input, &output});
}

/// What is decided when the residual has these values, step after step.
std::vector<bool> decisions(std::unique_ptr<RowDecider> rule,
                            const std::vector<double>& residuals) {
  std::vector<bool> decided;
  const at::Tensor input = at::full({1, 2, 3, 3}, 0.5);
  for (const double residual : residuals) {
    const int step = static_cast<int>(decided.size());
    decided.push_back(refreshes(*rule, step, input, input + residual));
  }
  return decided;
}

TEST(FirstBlockCache, ComparesWithTheLastStepThatComputedEverything) {
  // 1.04, 1.08 are within 10% of 1; 1.12 is not, though it is within 10% of 1.08.
  EXPECT_THAT(decisions(decider(0.1), {1, 1.04, 1.08, 1.12, 1.2}),
              ElementsAre(true, false, false, true, false));
  EXPECT_THAT(decisions(decider(0), {1, 1, 1.001}), ElementsAre(true, false, true));
}

TEST(FirstBlockCache, WarmsUpAndLimitsTheRun) {
  EXPECT_THAT(decisions(decider(0.1, 3), {1, 1, 1, 1, 1}),
              ElementsAre(true, true, true, false, false));
  EXPECT_THAT(decisions(decider(0.1, 0, 2), {1, 1, 1, 1, 1}),
              ElementsAre(true, false, false, true, false));
}

TEST(FirstBlockCache, TheOutputStandsForTheResidualWhereShapesDiffer) {
  const auto rule = decider(0.1);
  const at::Tensor input = at::ones({1, 2, 3, 3});
  EXPECT_TRUE(refreshes(*rule, 0, input, at::full({1, 4, 3, 3}, 2.0)));
  EXPECT_FALSE(refreshes(*rule, 1, input, at::full({1, 4, 3, 3}, 2.15)));
  EXPECT_TRUE(refreshes(*rule, 2, input, at::full({1, 4, 3, 3}, 2.3)));
}

TEST(FirstBlockCache, ThresholdsAtTheEndsAreTheFullRunAndOneRefresh) {
  const ToyDenoiser toy;
  StrategyOptions full;
  const Ran all = run(toy, make_plan(full, kSteps, toy.layers()));
  const Ran never = run(toy, toy_plan(toy, toy_options(0)));
  EXPECT_TRUE(at::equal(never.result.latents, all.result.latents));
  EXPECT_EQ(never.result.num_layer_runs, kSteps * ToyDenoiser::kNumLayers);
  const Ran always = run(toy, toy_plan(toy, toy_options(1e9)));
  // Shallow: conv_in, down.0, up.1, conv_out.
  EXPECT_EQ(always.result.num_layer_runs, ToyDenoiser::kNumLayers + (kSteps - 1) * 4);
  EXPECT_GT((always.result.latents - all.result.latents).abs().max().item<double>(), 1e-4);
}

class DecidedRows : public testing::TestWithParam<Reuse> {};

TEST_P(DecidedRows, EqualDeepCacheAtTheStepsThatItFound) {
  at::manual_seed(7);
  const ToyDenoiser toy;
  const Ran ran = run(toy, toy_plan(toy, toy_options(0.5), GetParam()));
  const KeySteps keys = ran.keys();
  ASSERT_GT(num_key_steps(keys), 2);
  ASSERT_LT(num_key_steps(keys), kSteps);
  StrategyOptions fixed{"deepcache", keys, {}};
  fixed.options = {{"cache_branch", 0}};
  fixed.reuse = GetParam();
  const Ran expected = run(toy, make_plan(fixed, kSteps, toy.layers()));
  EXPECT_EQ(ran.grid, expected.grid);
  EXPECT_TRUE(at::equal(ran.result.latents, expected.result.latents));
  EXPECT_EQ(ran.result.num_layer_runs, expected.result.num_layer_runs);
  EXPECT_LE(ran.result.peak_held_bytes, 2 * expected.result.peak_held_bytes)
      << "what no row reads is not held";
}

INSTANTIATE_TEST_SUITE_P(Reuses, DecidedRows,
                         testing::Values(Reuse::kHold, Reuse::kLinear, Reuse::kTaylor2));

TEST(FirstBlockCache, ParallelExecutionIsTheSame) {
  const ToyDenoiser toy;
  const Plan plan = toy_plan(toy, toy_options(0.5));
  const Ran sequential = run(toy, plan), parallel = run(toy, plan, 1, Execution::kParallel);
  EXPECT_TRUE(at::equal(sequential.result.latents, parallel.result.latents));
}

TEST(FirstBlockCache, TakesOnePictureAtATime) {
  const ToyDenoiser toy;
  const Plan plan = toy_plan(toy, toy_options(0.5));
  EXPECT_THAT(message_of([&] { run(toy, plan, 2); }), HasSubstr("one picture at a time, not 2"));
}

/// input -> first -> three blocks of two layers -> output.
std::vector<LayerInfo> chain() {
  std::vector<LayerInfo> layers = {{"pos_embed", "pos_embed", parts::kEncoder, {kSample}}};
  for (int block = 0; block < 4; ++block) {
    const std::string name = "transformer_blocks." + std::to_string(block);
    for (const char* part : {".attn", ".ff"}) {
      const int last = static_cast<int>(layers.size()) - 1;
      layers.push_back({name + part, name, block < 2 ? parts::kEncoder : parts::kDecoder, {last}});
    }
  }
  layers.push_back({"proj_out", "proj_out", parts::kDecoder, {8}});
  return layers;
}

TEST(FirstBlockCache, RunsOnAChainOfBlocks) {
  at::manual_seed(7);
  const GraphToy toy(chain());
  const Ran all = run(toy, make_plan({}, kSteps, toy.layers()));
  const Ran never = run(toy, chain_plan(toy, 0));
  EXPECT_TRUE(at::equal(never.result.latents, all.result.latents));
  const Ran ran = run(toy, chain_plan(toy, 0.4));
  ASSERT_GT(num_key_steps(ran.keys()), 1);
  ASSERT_LT(num_key_steps(ran.keys()), kSteps);
  // What was decided, as key steps of the blocks between the first and the output.
  StrategyOptions fixed{"custom", {}, {}};
  KeyStepsByPart blocks;
  for (const int block : {1, 2, 3}) {
    blocks["transformer_blocks." + std::to_string(block)] = ran.keys();
  }
  fixed.options = {{"blocks", blocks}};
  const Ran expected = run(toy, make_plan(fixed, kSteps, toy.layers()));
  EXPECT_TRUE(at::equal(ran.result.latents, expected.result.latents));
  // What the rule looks at runs at every step, though nothing else reads it then.
  for (const auto& row : ran.grid) {
    EXPECT_TRUE(row[0] && row[1] && row[2] && row.back());
    EXPECT_EQ(row[3], row[8]);
  }
}

TEST(FirstBlockCache, AChainNeedsSomethingBetweenItsEnds) {
  std::vector<LayerInfo> layers = chain();
  const FirstBlockCacheOptions branch{0.1, 1};
  EXPECT_THAT(message_of([&] { first_block_cache_plan(branch, kSteps, layers); }),
              HasSubstr("cache_branch is for models with skip connections"));
  layers.erase(layers.begin() + 3, layers.end() - 1);
  EXPECT_THAT(message_of([&] { first_block_cache_plan({}, kSteps, layers); }),
              HasSubstr("needs a chain of an input, at least two blocks and an output"));
}

TEST(FirstBlockCache, LooksAtTheFirstBlockOfAUNet) {
  RandomWeights weights;
  const auto unet =
      make_unet_2d_condition(tiny_unet_config({{"layers_per_block", 2}}), weights, nullptr, "c");
  const Plan plan = first_block_cache_plan({}, kSteps, unet->layers());
  const LayerInfo& head = unet->layers()[plan.adaptive()->head];
  EXPECT_EQ(head.block, "down_blocks.0");
  EXPECT_THAT(head.name, HasSubstr(".1")) << "its second resnet";
  FirstBlockCacheOptions beyond;
  beyond.cache_branch = 99;
  EXPECT_THAT(message_of([&] { first_block_cache_plan(beyond, kSteps, unet->layers()); }),
              HasSubstr("cache_branch"));
}

TEST(FirstBlockCache, WhatCannotBeIsRefused) {
  EXPECT_THAT(message_of([] { check_first_block_cache({-0.1}); }), HasSubstr("threshold"));
  EXPECT_THAT(message_of([] { check_first_block_cache({NAN}); }), HasSubstr("threshold"));
  EXPECT_THAT(message_of([] { check_first_block_cache({0.1, 2, -1}); }), HasSubstr("warmup"));
  EXPECT_THAT(message_of([] { check_first_block_cache({0.1, 2, 0, -1}); }), HasSubstr("max_run"));
}

TEST(FirstBlockCache, LabelsSayWhatIsNotTheDefault) {
  StrategyOptions strategy{"first_block_cache", {}, {}};
  EXPECT_EQ(strategy_label(strategy, ""), "threshold_0.05");
  strategy.options = {{"threshold", 0.1}, {"cache_branch", 1}, {"warmup", 3}, {"max_run", 4}};
  EXPECT_EQ(strategy_label(strategy, ""), "threshold_0.1/branch_1/warmup_3/max_run_4");
}

}  // namespace
}  // namespace fdbench
