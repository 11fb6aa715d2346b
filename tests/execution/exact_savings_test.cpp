// Skip hoisting, guidance prefix sharing and kept text change nothing but the time.
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "denoisers/image_conditioned.h"
#include "execution/executor.h"
#include "execution/toy_denoiser.h"
#include "models/tiny_models.h"
#include "models/unet_2d_condition.h"
#include "nn/random_weights.h"
#include "plan/held_outputs.h"
#include "plan/program_cost.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

constexpr int kNumSteps = 7;

std::unique_ptr<Denoiser> make_unet(const nlohmann::json& options) {
  RandomWeights weights;
  auto unet = make_unet_2d_condition(tiny_unet_config(options), weights, nullptr, "c");
  const std::int64_t image_channels = unet->info().in_channels - 4;
  return image_channels > 0 ? with_image(std::move(unet), image_channels) : std::move(unet);
}

/// SD-like; groups that straddle the border between both inputs; three levels; SDXL's added
/// conditions; a picture beside the sample, another one in each half.
std::vector<nlohmann::json> configs() {
  const nlohmann::json three = {
      {"block_out_channels", {8, 24, 24}},
      {"norm_num_groups", 8},
      {"layers_per_block", 2},
      {"down_block_types", {"CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"}},
      {"up_block_types", {"UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"}}};
  const nlohmann::json sdxl = {{"addition_embed_type", "text_time"},
                               {"addition_time_embed_dim", 4},
                               {"projection_class_embeddings_input_dim", 6 * 4 + 3}};
  return {nlohmann::json::object(), three, sdxl, {{"in_channels", 8}}};
}

Conditioning conditioning(std::int64_t batch, std::uint64_t seed, bool sdxl) {
  Conditioning made{{"encoder_hidden_states", noise({batch, 5, 6}, seed)},
                    {kImage, noise({batch, 4, 8, 8}, seed + 2)}};
  if (sdxl) {
    made.set("text_embeds", noise({batch, 3}, seed + 1));
    made.set("time_ids", at::full({batch, 6}, 16.0));
  }
  return made;
}

Plan random_plan(int num_layers, std::mt19937& random) {
  Plan plan(kNumSteps, num_layers);
  for (int step = 1; step < kNumSteps; ++step) {
    const unsigned odds = random() % 4;
    for (int layer = 0; layer < num_layers; ++layer) {
      plan.set(step, layer, random() % 4 < odds ? Cell::kReuse : Cell::kCompute);
    }
  }
  return plan;
}

at::Tensor run(const Denoiser& unet, const Plan& plan, bool sdxl, double scale, Execution execution,
               const ExactSavings& savings) {
  ToySampler sampler(kNumSteps);
  ExecutorOptions options;
  options.guidance_scale = scale;
  const Program program =
      compile(plan, unet.layers(), {.execution = execution, .savings = savings});
  return denoise(unet, sampler, program,
                 {conditioning(2, 1, sdxl), conditioning(2, 5, sdxl), noise({2, 4, 8, 8}), {}},
                 options)
      .latents;
}

TEST(ExactSavings, ChangeNothingButRounding) {
  at::set_num_threads(1);  // tiny tensors
  std::mt19937 random(11);
  const auto all_configs = configs();
  for (std::size_t config = 0; config < all_configs.size(); ++config) {
    const auto unet = make_unet(all_configs[config]);
    const bool sdxl = config == 2;
    const int num_layers = static_cast<int>(unet->layers().size());
    std::vector<Plan> plans = {
        make_plan({"full", {}, {}}, kNumSteps, unet->layers()),
        make_plan({"encoder", {true, false, false, true, false, false, false}, {}}, kNumSteps,
                  unet->layers())};
    for (const int branch : {0, 1, std::min(static_cast<int>(3 * config / 2), 3)}) {
      plans.push_back(
          make_plan({"deepcache", uniform_key_steps(3, kNumSteps), {{"cache_branch", branch}}},
                    kNumSteps, unet->layers()));
    }
    for (int i = 0; i < 3; ++i) plans.push_back(random_plan(num_layers, random));
    for (std::size_t i = 0; i < plans.size(); ++i) {
      for (const double scale : {1.0, 4.0}) {
        const at::Tensor plain =
            run(*unet, plans[i], sdxl, scale, Execution::kSequential, {false, false, false});
        for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
          for (const ExactSavings& savings :
               {ExactSavings{true, false, false}, ExactSavings{false, true, false},
                ExactSavings{false, false, true}, ExactSavings{true, true, true}}) {
            const at::Tensor saved = run(*unet, plans[i], sdxl, scale, execution, savings);
            EXPECT_LT(difference(saved, plain), 2e-5 * plain.abs().max().item<double>())
                << "config " << config << ", plan " << i << ", guidance " << scale << ", "
                << execution_name(execution) << ", savings " << savings.skip_hoisting
                << savings.prefix_sharing << savings.text_caching;
          }
        }
      }
    }
  }
}

// A held skip is really not looked at again: where no group straddles the border, another one makes
// no difference.
TEST(ExactSavings, AHeldSkipIsNotReadAgain) {
  const auto unet = make_unet(nlohmann::json::object());
  const auto layers = unet->layers();
  const auto state = unet->begin(at::tensor({7}), conditioning(2, 1, false), {2, {8, 8}}, {});
  int num_seen = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].inputs.size() != 2 || layers[i].block != "up_blocks.0") continue;
    const at::Tensor x = noise({2, 16, 4, 4}), skip = noise({2, 16, 4, 4}, 3);
    std::unique_ptr<LayerMemo> memo;
    const auto run = [&](const at::Tensor& values, bool unchanged, bool reused_later) {
      const std::vector<LayerInput> inputs = {{x}, {values, unchanged, reused_later}};
      return unet->run(static_cast<int>(i), inputs, *state, &memo).front();
    };
    const at::Tensor first = run(skip, false, true);
    ASSERT_NE(memo, nullptr);
    EXPECT_GT(memo->nbytes(), 0);
    const at::Tensor again = run(at::zeros_like(skip), true, false);
    EXPECT_TRUE(at::equal(first, again));
    EXPECT_EQ(memo->nbytes(), 0) << "nothing is kept that will not come again";
    ++num_seen;
    break;
  }
  EXPECT_EQ(num_seen, 1);
}

TEST(PlanCost, CountsWhatRuns) {
  const auto unet = make_unet(nlohmann::json::object());
  const auto layers = unet->layers();
  const std::vector<LayerCost> costs = unet->costs({2, {8, 8}, 5}, {});
  const auto cost_of = [&](const Plan& plan, const ExactSavings& savings, bool guided = true) {
    return program_cost(compile(plan, layers, {.savings = savings}), layers, costs, guided);
  };
  const KeySteps keys = {true, false, false, true, false, false, false};
  const Plan full = make_plan({"full", {}, {}}, kNumSteps, layers);
  const Plan encoder = make_plan({"encoder", keys, {}}, kNumSteps, layers);
  const auto plain = cost_of(encoder, {false, false, false}),
             hoisted = cost_of(encoder, {true, false, false});
  const auto shared = cost_of(full, {false, true, false}),
             kept = cost_of(full, {false, false, true});
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool is_decoder = layers[i].part == parts::kDecoder;
    EXPECT_EQ(plain[i], costs[i].all * (is_decoder ? kNumSteps : 2));
    EXPECT_EQ(hoisted[i], plain[i] - costs[i].skip * (kNumSteps - 2))
        << "the skip part runs at two key steps";
    EXPECT_EQ(kept[i], costs[i].all * kNumSteps - costs[i].conditioning * (kNumSteps - 1));
    // conv_in, the first resnet and the first attention up to the text.
    if (i > 0 && !is_decoder) {
      EXPECT_EQ(shared[i], (costs[i].all - (i < 3 ? costs[i].unconditioned / 2 : 0)) * kNumSteps);
    }
    EXPECT_EQ(costs[i].skip > 0, layers[i].inputs.size() == 2) << layers[i].name;
    EXPECT_EQ(costs[i].conditioning > 0, layers[i].name.find("attentions") != std::string::npos);
  }
  EXPECT_EQ(cost_of(full, {true, true, true}, false), cost_of(full, {false, false, true}, false))
      << "without guidance there is nothing to share, without reuse nothing to hoist";
  EXPECT_EQ(shared[0], costs[0].all / 2 * kNumSteps);
  EXPECT_EQ(costs[1].unconditioned, costs[1].all);
  EXPECT_GT(costs[2].unconditioned, 0);
  EXPECT_LT(costs[2].unconditioned, costs[2].all);
}

// Without what layers keep for themselves, the executor holds what the program says.
TEST(PlanCost, PredictsTheHeldOutputs) {
  at::set_num_threads(1);
  const auto unet = make_unet(configs()[1]);
  const std::vector<LayerCost> costs = unet->costs({4, {8, 8}, 5}, {});
  const ExactSavings savings{.skip_hoisting = false, .prefix_sharing = true, .text_caching = false};
  std::mt19937 random(8);
  for (int trial = 0; trial < 6; ++trial) {
    const Plan plan = random_plan(static_cast<int>(costs.size()), random);
    for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
      const Program program =
          compile(plan, unet->layers(), {.execution = execution, .savings = savings});
      ToySampler sampler(kNumSteps);
      ExecutorOptions options;
      options.guidance_scale = 3;
      const DenoiseResult made = denoise(
          *unet, sampler, program,
          {conditioning(2, 1, false), conditioning(2, 5, false), noise({2, 4, 8, 8}), {}}, options);
      EXPECT_EQ(made.peak_held_bytes,
                peak_held_bytes(program, unet->layers(), costs, sizeof(float), true))
          << trial << " " << execution_name(execution);
    }
  }
}

}  // namespace
}  // namespace fdbench
