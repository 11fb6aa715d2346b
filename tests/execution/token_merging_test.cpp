// Token merging goes with every plan, execution and exact saving.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/random.h"
#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"
#include "plan/program_cost.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int kNumSteps = 6;
// Rounding of some tens of operations, as in exact_savings_test.cpp. A matching that were decided
// by rounding would show as a difference of 1e-3 and more; at these inputs none is.
constexpr double kRounding = 2e-5;
constexpr double kEffect = 1e-3;  // that merging has at least, of the latents' largest value

TokenMerging merging(bool use_rand) {
  TokenMerging options;
  options.ratio = 0.5;
  options.max_downsample = 2;
  options.use_rand = use_rand;
  options.merge_crossattn = true;
  return options;
}

/// Matrices of about unit gain at these widths, so that what happens in attention reaches the
/// latents.
class StrongWeights : public RandomWeights {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    return RandomWeights::take(name, shape).mul(shape.size() > 1 ? 4 : 1);
  }
};

class TokenMergingRuns : public testing::Test {
 protected:
  TokenMergingRuns() {
    at::set_num_threads(1);  // tiny tensors
    StrongWeights weights;
    unet_ = make_unet_2d_condition(tiny_unet_config(), weights, nullptr, "c");
  }

  Plan plan(const std::string& strategy) {
    StrategyOptions options;
    options.name = strategy;
    if (strategy != "full") options.key_steps = {true, false, false, true, false, false};
    return make_plan(options, kNumSteps, unet_->layers());
  }

  /// Final latents of pictures first ... first + count - 1, each with a seed of its own.
  at::Tensor run(const Plan& plan, const TokenMerging& tome, Execution execution,
                 const ExactSavings& savings, std::int64_t first = 0, std::int64_t count = 2,
                 std::uint64_t base = 40) {
    ToySampler sampler(kNumSteps);
    ExecutorOptions options;
    options.guidance_scale = 3;
    options.tome.options = tome;
    for (std::int64_t i = 0; i < count; ++i) {
      options.tome.seeds.push_back(base + static_cast<std::uint64_t>(first + i));
    }
    const auto part = [&](const at::Tensor& whole) { return whole.narrow(0, first, count); };
    const Program program =
        compile(plan, unet_->layers(), {.execution = execution, .savings = savings});
    const DenoiseStart start{{{"encoder_hidden_states", part(noise({2, 5, 6}, 1))}},
                             {{"encoder_hidden_states", part(noise({2, 5, 6}, 5))}},
                             part(noise({2, 4, 8, 8})),
                             {}};
    return denoise(*unet_, sampler, program, start, options).latents;
  }

  std::unique_ptr<Denoiser> unet_;
};

double scaled(const at::Tensor& ours, const at::Tensor& other) {
  return difference(ours, other) / other.abs().max().item<double>();
}

TEST_F(TokenMergingRuns, ExecutionAndSavingsChangeNothingButRounding) {
  for (const char* strategy : {"full", "encoder", "encoder_decoder"}) {
    for (const bool use_rand : {false, true}) {
      const at::Tensor plain =
          run(plan(strategy), merging(use_rand), Execution::kSequential, {false, false, false});
      const at::Tensor unmerged =
          run(plan(strategy), {}, Execution::kSequential, {false, false, false});
      EXPECT_GT(scaled(plain, unmerged), kEffect) << strategy;
      for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
        for (const ExactSavings& savings : {ExactSavings{false, false, false},
                                            ExactSavings{false, true, false}, ExactSavings{}}) {
          EXPECT_LT(scaled(run(plan(strategy), merging(use_rand), execution, savings), plain),
                    kRounding)
              << strategy << ", use_rand " << use_rand << ", " << execution_name(execution)
              << ", prefix sharing " << savings.prefix_sharing;
        }
      }
    }
  }
}

TEST_F(TokenMergingRuns, APictureDependsOnItsOwnSeedOnly) {
  for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
    const at::Tensor both = run(plan("encoder"), merging(true), execution, {});
    const at::Tensor second = run(plan("encoder"), merging(true), execution, {}, 1, 1);
    EXPECT_LT(scaled(both.narrow(0, 1, 1), second), kRounding);
    const at::Tensor other = run(plan("encoder"), merging(true), execution, {}, 1, 1, 90);
    EXPECT_GT(scaled(other, second), kEffect) << "another seed chooses otherwise";
  }
}

TEST_F(TokenMergingRuns, TheSameSeedsGiveTheSameBits) {
  const auto once = [&] { return run(plan("encoder"), merging(true), Execution::kParallel, {}); };
  EXPECT_TRUE(at::equal(once(), once()));
}

/// Notes the seeds that each layer call is given.
class SeedRecorder : public ToyDenoiser {
 public:
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    seeds[layer].push_back(static_cast<const ToyStep&>(state).options.tome.seeds);
    return ToyDenoiser::run(layer, inputs, state, memo);
  }
  mutable std::map<int, std::vector<std::vector<std::uint64_t>>> seeds;
};

// Each step mixes its number into each picture's seed; steps in one batch bring theirs in the
// batch's order, both halves of the guidance the same.
TEST(TokenMergingSeeds, AreOfThePictureAndTheStep) {
  at::manual_seed(3);
  const SeedRecorder toy;
  const KeySteps keys = {true, false, false, true, false, false};
  const Program program = compile(make_plan({"encoder", keys, {}}, kNumSteps, toy.layers()),
                                  toy.layers(), {.execution = Execution::kParallel});
  ToySampler sampler(kNumSteps);
  ExecutorOptions options;
  options.guidance_scale = 3;
  options.tome = {merging(true), {40, 41}};
  const DenoiseStart start{{{"encoder_hidden_states", noise({2, 5, 4})}},
                           {{"encoder_hidden_states", noise({2, 5, 4}, 1)}},
                           noise({2, 4, 6, 6}),
                           {}};
  denoise(toy, sampler, program, start, options);
  const auto at_step = [](std::uint64_t step) {
    return std::vector<std::uint64_t>{mixed_seed(40, step), mixed_seed(41, step)};
  };
  EXPECT_THAT(toy.seeds.at(ToyDenoiser::kDown0), ElementsAre(at_step(0), at_step(3)));
  const auto batch_of = [&](std::uint64_t first) {
    std::vector<std::uint64_t> batch;
    for (const std::uint64_t step : {first, first + 1, first + 2}) {
      for (int half = 0; half < 2; ++half) {
        const std::vector<std::uint64_t> seeds = at_step(step);
        batch.insert(batch.end(), seeds.begin(), seeds.end());
      }
    }
    return batch;
  };
  EXPECT_THAT(toy.seeds.at(ToyDenoiser::kUp0), ElementsAre(batch_of(0), batch_of(3)));
}

/// Gives the attentions of a block the same weights.
class EqualAttentions : public StrongWeights {
 public:
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    std::string same = name;
    const std::size_t found = same.find("attentions.1");
    if (found != std::string::npos) same.replace(found, 12, "attentions.0");
    return StrongWeights::take(same, shape);
  }
};

TEST(TokenMergingSeeds, LayersChooseAnew) {
  EqualAttentions weights;
  const auto unet = make_unet_2d_condition(tiny_unet_config(), weights, nullptr, "c");
  const auto outputs = [&](bool use_rand) {
    const CallOptions options{.tome = {merging(use_rand), {3}}};
    const auto state = unet->begin(at::tensor({7}), {{"encoder_hidden_states", noise({1, 5, 6})}},
                                   {1, {8, 8}}, options);
    std::vector<at::Tensor> results;
    for (std::size_t i = 0; i < unet->layers().size(); ++i) {
      if (unet->layers()[i].name.find("up_blocks.1.attentions") == std::string::npos) continue;
      const std::vector<LayerInput> inputs = {{noise({1, 8, 8, 8})}};
      results.push_back(unet->run(static_cast<int>(i), inputs, *state, nullptr).front());
    }
    return results;
  };
  const auto fixed = outputs(false), random = outputs(true);
  ASSERT_EQ(fixed.size(), 2U);
  EXPECT_TRUE(at::equal(fixed[0], fixed[1]));
  EXPECT_GT(scaled(random[0], random[1]), kEffect);
}

TEST_F(TokenMergingRuns, ARatioOfZeroIsOff) {
  TokenMerging off = merging(true);
  off.ratio = 0;
  EXPECT_TRUE(at::equal(run(plan("encoder"), off, Execution::kSequential, {}),
                        run(plan("encoder"), {}, Execution::kSequential, {})));
}

TEST_F(TokenMergingRuns, RandomChoicesNeedASeedForEachPicture) {
  ToySampler sampler(kNumSteps);
  ExecutorOptions options;
  options.tome = {merging(true), {1}};
  try {
    denoise(*unet_, sampler, compile(plan("full"), unet_->layers(), {}),
            {{{"encoder_hidden_states", noise({2, 5, 6})}}, {}, noise({2, 4, 8, 8}), {}}, options);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("1 seeds for 2 pictures"));
  }
}

TEST_F(TokenMergingRuns, CostsFollowTheMergedTokens) {
  const SampleShape shape{2, {8, 8}, 5};
  const std::vector<LayerCost> plain = unet_->costs(shape, {});
  CallOptions options{.tome = {merging(false), {}}};
  options.tome.options.max_downsample = 1;
  const std::vector<LayerCost> merged = unet_->costs(shape, options);
  const auto layers = unet_->layers();
  int num_changed = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool attention = layers[i].name.find("attentions") != std::string::npos;
    const bool outermost = attention && layers[i].block != "mid_block";
    num_changed += outermost;
    EXPECT_EQ(merged[i].all != plain[i].all, outermost) << layers[i].name;
    EXPECT_EQ(merged[i].conditioning, plain[i].conditioning) << layers[i].name;
  }
  EXPECT_EQ(num_changed, 3);
  // The first attention, 8 channels, up to the text: projection, scores of 48 sources and 16
  // destinations, self-attention and queries on the 32 tokens that are left.
  const std::int64_t scores = 48 * 16 * 8, on_left = 32 * 8 * 8;
  EXPECT_EQ(merged[2].unconditioned,
            2 * (64 * 8 * 8 + scores + 4 * on_left + 2 * 32 * 32 * 8 + on_left));
  const auto sum_of = [&](const std::vector<LayerCost>& costs, bool guided) {
    std::int64_t sum = 0;
    const ExactSavings savings{false, true, false};
    const Program program = compile(plan("full"), layers, {.savings = savings});
    for (const std::int64_t count : program_cost(program, layers, costs, guided)) {
      sum += count;
    }
    return sum;
  };
  // A guided run does one half of what comes before the text, merged or not.
  const auto saved = [&](const std::vector<LayerCost>& costs) {
    return sum_of(costs, false) - sum_of(costs, true);
  };
  EXPECT_EQ(saved(plain) - saved(merged),
            kNumSteps * (plain[2].unconditioned - merged[2].unconditioned) / 2);
}

}  // namespace
}  // namespace fdbench
