#include "execution/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <thread>

#include "core/error.h"
#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Toy = ToyDenoiser;

constexpr int kNumSteps = 8;
const KeySteps kKeys = {true, false, false, false, true, true, false, false};

/// Each cell by its definition, one step and one half of the guidance at a time.
at::Tensor definition_of(const GraphToy& toy, const Plan& plan, ToySampler& sampler,
                         const std::vector<Conditioning>& halves, at::Tensor latents,
                         double guidance_scale) {
  const Schedule schedule(plan, toy.layers());
  std::vector<std::vector<Value>> held(2, std::vector<Value>(toy.layers().size()));
  for (int step = 0; step < plan.num_steps(); ++step) {
    if (schedule.dropped(step)) continue;
    const at::Tensor sample = sampler.scale_model_input(latents, step);
    for (std::size_t half = 0; half < 2; ++half) {
      const auto state = toy.begin(at::full({latents.size(0)}, sampler.timesteps()[step]),
                                   halves[half], shape_of(latents), {});
      for (int layer = 0; layer < plan.num_layers(); ++layer) {
        if (!schedule.runs(step, layer)) continue;
        std::vector<LayerInput> inputs;
        for (const Edge& input : toy.layers()[layer].inputs) {
          inputs.push_back({input.layer == kSample ? Value(sample) : held[half][input.layer]});
        }
        held[half][layer] = toy.run(layer, inputs, *state, nullptr);
      }
    }
    const at::Tensor u = held[0].back().front(), c = held[1].back().front();
    const at::Tensor prediction = guidance_scale > 1 ? u + guidance_scale * (c - u) : c;
    latents = sampler.step(prediction, step, latents, {});
  }
  return latents;
}

Plan random_plan(int num_layers, std::mt19937& random) {
  Plan plan(kNumSteps, num_layers);
  for (int step = 1; step < kNumSteps; ++step) {
    const bool dropped = random() % 8 == 0;
    for (int layer = 0; layer < num_layers; ++layer) {
      const Cell cell = random() % 2 == 0 ? Cell::kReuse : Cell::kCompute;
      plan.set(step, layer, dropped ? Cell::kDrop : cell);
    }
  }
  return plan;
}

class Executor : public testing::Test {
 protected:
  Executor() { at::manual_seed(3); }

  /// How a run is compiled and made.
  struct How {
    ProgramOptions compiled;
    ExecutorOptions options;
  };

  DenoiseResult run(const Plan& plan, const How& how = {}) {
    toy_.batch_sizes.clear();
    return denoise(toy_, sampler_, compile(plan, toy_.layers(), how.compiled), conditional_,
                   unconditional_, latents_, {}, how.options);
  }

  Plan plan_of(const std::string& strategy, const KeySteps& key_steps = kKeys) {
    return make_plan({strategy, key_steps, {}}, kNumSteps, toy_.layers());
  }

  static How parallel(int max_parallel = 0, double guidance_scale = 1) {
    How how = guided(guidance_scale);
    how.compiled = {.execution = Execution::kParallel, .max_parallel = max_parallel};
    return how;
  }

  static How guided(double scale) {
    How how;
    how.options.guidance_scale = scale;
    return how;
  }

  at::Tensor by_definition(const Plan& plan, double guidance_scale) {
    return definition_of(toy_, plan, sampler_, {unconditional_, conditional_}, latents_,
                         guidance_scale);
  }

  Toy toy_;
  ToySampler sampler_{kNumSteps};
  Conditioning conditional_{{"encoder_hidden_states", at::randn({2, 5, Toy::kChannels})}};
  Conditioning unconditional_{{"encoder_hidden_states", at::randn({2, 5, Toy::kChannels})}};
  at::Tensor latents_ = at::randn({2, Toy::kChannels, 6, 6});
};

TEST_F(Executor, FullRunEqualsAPlainLoop) {
  at::Tensor latents = latents_;
  for (int step = 0; step < kNumSteps; ++step) {
    const at::Tensor timesteps = at::full({2}, sampler_.timesteps()[step]);
    const at::Tensor prediction =
        forward(toy_, sampler_.scale_model_input(latents, step), timesteps, conditional_);
    latents = sampler_.step(prediction, step, latents, {});
  }
  EXPECT_TRUE(at::equal(run(plan_of("full")).latents, latents));
}

TEST_F(Executor, EveryStepAKeyStepIsFullBitForBit) {
  const KeySteps all(kNumSteps, true);
  for (const double scale : {1.0, 5.0}) {
    const at::Tensor full = run(plan_of("full"), guided(scale)).latents;
    for (const char* strategy : {"encoder", "decoder", "encoder_decoder", "drop"}) {
      EXPECT_TRUE(at::equal(run(plan_of(strategy, all), guided(scale)).latents, full)) << strategy;
      EXPECT_TRUE(at::equal(run(plan_of(strategy, all), parallel(0, scale)).latents, full))
          << strategy;
    }
  }
}

TEST_F(Executor, StrategiesFollowTheirDefinition) {
  for (const char* strategy : {"full", "encoder", "decoder", "encoder_decoder", "drop"}) {
    for (const double scale : {1.0, 5.0}) {
      const at::Tensor expected = by_definition(plan_of(strategy), scale);
      EXPECT_TRUE(at::allclose(run(plan_of(strategy), guided(scale)).latents, expected, 1e-5, 1e-6))
          << strategy << " " << scale;
      for (const int max_parallel : {0, 1, 2, 3}) {
        const How how = parallel(max_parallel, scale);
        EXPECT_TRUE(at::allclose(run(plan_of(strategy), how).latents, expected, 1e-5, 1e-6))
            << strategy << " " << scale << " " << max_parallel;
      }
    }
  }
}

// Any grid at all: reuse in the middle of a group, outputs held across groups, whole steps left
// out.
TEST_F(Executor, RandomPlansFollowTheirDefinition) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const Plan plan = random_plan(Toy::kNumLayers, random);
    const at::Tensor expected = by_definition(plan, 3.0);
    EXPECT_TRUE(at::allclose(run(plan, guided(3)).latents, expected, 1e-5, 1e-6)) << trial;
    EXPECT_TRUE(at::allclose(run(plan, parallel(trial % 4, 3)).latents, expected, 1e-5, 1e-6))
        << trial;
  }
}

/// A control network before the UNet: its layers give residuals that `control_add` layers add to
/// the skips.
std::vector<LayerInfo> controlled() {
  return {{"control_in", "control", "control", {kSample}},
          {"control.0", "control", "control", {0}},
          {"conv_in", "conv_in", parts::kEncoder, {kSample}},
          {"down.0", "down", parts::kEncoder, {2}},
          {"control_add.0", "control_add", "control", {{3, EdgeKind::kMain}, {1, EdgeKind::kMain}}},
          {"mid", "mid", parts::kBottleneck, {3}},
          {"up.0", "up", parts::kDecoder, {5, {4, EdgeKind::kSkip}}},
          {"up.1", "up", parts::kDecoder, {6, {2, EdgeKind::kSkip}}},
          {"conv_out", "conv_out", parts::kDecoder, {7}}};
}

std::vector<LayerInfo> chain_of(int num_blocks) {
  std::vector<LayerInfo> layers = {{"in", "in", parts::kEncoder, {kSample}}};
  for (int i = 0; i < num_blocks; ++i) {
    const std::string name = "blocks." + std::to_string(i);
    layers.push_back({name, name, i < 3 ? parts::kEncoder : parts::kDecoder, {i}});
  }
  layers.push_back({"out", "out", parts::kDecoder, {num_blocks}});
  return layers;
}

struct GraphCase {
  std::string name;
  std::vector<LayerInfo> layers;
  std::vector<std::int64_t> axes;
  int num_streams;
};

class ExecutorOnGraphs : public testing::TestWithParam<GraphCase> {};

// Residual edges, a chain, two streams, frames.
TEST_P(ExecutorOnGraphs, RandomPlansFollowTheirDefinition) {
  at::manual_seed(3);
  const GraphCase& graph = GetParam();
  GraphToy toy(graph.layers, graph.axes);
  toy.num_streams = graph.num_streams;
  ToySampler sampler(kNumSteps);
  std::vector<std::int64_t> sizes = {2, GraphToy::kChannels};
  sizes.insert(sizes.end(), graph.axes.begin(), graph.axes.end());
  const at::Tensor latents = at::randn(sizes);
  const Conditioning text{{"encoder_hidden_states", at::randn({2, 5, GraphToy::kChannels})}};
  const Conditioning none{{"encoder_hidden_states", at::randn({2, 5, GraphToy::kChannels})}};
  std::mt19937 random(9);
  for (int trial = 0; trial < 20; ++trial) {
    const Plan plan = random_plan(static_cast<int>(graph.layers.size()), random);
    const at::Tensor expected = definition_of(toy, plan, sampler, {none, text}, latents, 3.0);
    for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
      const Program program =
          compile(plan, toy.layers(), {.execution = execution, .max_parallel = trial % 4});
      ExecutorOptions options;
      options.guidance_scale = 3;
      const at::Tensor made =
          denoise(toy, sampler, program, text, none, latents, {}, options).latents;
      EXPECT_TRUE(at::allclose(made, expected, 1e-5, 1e-6))
          << trial << " " << execution_name(execution);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, ExecutorOnGraphs,
                         testing::Values(GraphCase{"control", controlled(), {6, 6}, 1},
                                         GraphCase{"chain", chain_of(6), {6, 6}, 1},
                                         GraphCase{"two_streams", chain_of(6), {6, 6}, 2},
                                         GraphCase{"frames", controlled(), {3, 4, 5}, 1},
                                         GraphCase{"sequence", chain_of(5), {7}, 1}),
                         [](const auto& graph) { return graph.param.name; });

TEST_F(Executor, ParallelRunsTheDecoderOfAGroupInOneBatch) {
  const DenoiseResult result = run(plan_of("encoder"), parallel());
  EXPECT_THAT(toy_.batch_sizes[Toy::kMid], ElementsAre(2, 2, 2));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(8, 2, 6));
  EXPECT_EQ(result.num_calls, 3);
  EXPECT_EQ(result.num_step_calls, kNumSteps);
}

TEST_F(Executor, GuidanceDoublesTheBatch) {
  run(plan_of("encoder"), parallel(0, 5));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(16, 4, 12));
}

TEST_F(Executor, MaxParallelCapsTheBatch) {
  const DenoiseResult result = run(plan_of("encoder"), parallel(2));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(4, 4, 2, 4, 2));
  EXPECT_EQ(result.num_calls, 5);
}

TEST_F(Executor, SequentialRunsStepByStep) {
  const DenoiseResult result = run(plan_of("encoder"));
  EXPECT_THAT(toy_.batch_sizes[Toy::kMid], ElementsAre(2, 2, 2));
  EXPECT_EQ(toy_.batch_sizes[Toy::kUp0].size(), 8U);
  EXPECT_EQ(result.num_calls, kNumSteps);
}

TEST_F(Executor, ReusedPredictionsNeedNoCall) {
  for (const How& how : {How{}, parallel()}) {
    const DenoiseResult result = run(plan_of("encoder_decoder"), how);
    EXPECT_EQ(result.num_calls, 3);
    EXPECT_EQ(result.num_step_calls, 3);
  }
}

TEST_F(Executor, StepsThatAreLeftOutHaveNoUpdate) {
  std::vector<int> updated;
  How how;
  how.options.observe_step = [&](int step, const at::Tensor&) { updated.push_back(step); };
  run(plan_of("drop"), how);
  EXPECT_THAT(updated, ElementsAre(0, 4, 5));
}

TEST_F(Executor, ObserversSeeEachRunOnce) {
  std::map<std::pair<int, int>, at::Tensor> sequential, batched;
  How how;
  how.options.observe_layer = [&](int step, int layer, const Value& output) {
    EXPECT_TRUE(sequential.emplace(std::pair(step, layer), output.front()).second);
  };
  run(plan_of("encoder"), how);
  how = parallel();
  how.options.observe_layer = [&](int step, int layer, const Value& output) {
    EXPECT_TRUE(batched.emplace(std::pair(step, layer), output.front()).second);
  };
  run(plan_of("encoder"), how);
  EXPECT_EQ(sequential.size(), 3 * 7 + 5 * 3U);
  ASSERT_EQ(batched.size(), sequential.size());
  for (const auto& [place, output] : sequential) {
    EXPECT_TRUE(at::allclose(batched[place], output, 1e-5, 1e-6)) << place.first << place.second;
  }
}

TEST_F(Executor, ObserversAreNotTimed) {
  using std::chrono::milliseconds;
  How how;
  how.options.observe_layer = [](int, int, const Value&) {
    std::this_thread::sleep_for(milliseconds(5));
  };
  const auto start = std::chrono::steady_clock::now();
  const double network = run(plan_of("full"), how).unet_seconds;
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  EXPECT_GT(network, 0);
  EXPECT_GT(all.count() - network, kNumSteps * Toy::kNumLayers * 0.005);
}

TEST_F(Executor, HoldsOnlyWhatIsWantedLater) {
  using Weak = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
  std::vector<Weak> outputs;
  std::vector<std::ptrdiff_t> held;
  How how;
  how.options.observe_layer = [&](int, int, const Value& output) {
    outputs.emplace_back(output.front().getIntrusivePtr());
  };
  how.options.observe_step = [&](int, const at::Tensor&) {
    held.push_back(std::count_if(outputs.begin(), outputs.end(),
                                 [](const Weak& output) { return !output.expired(); }));
  };
  run(plan_of("full"), how);
  EXPECT_THAT(held, testing::Each(1));  // the prediction of the update that goes on
  outputs.clear();
  held.clear();
  run(plan_of("encoder"), how);  // two skips and the bottleneck until their last reader
  EXPECT_THAT(held, ElementsAre(4, 4, 4, 1, 1, 4, 4, 1));
}

TEST_F(Executor, ALatentThatIsNotFiniteNamesTheStep) {
  latents_[0][0][0][0] = std::numeric_limits<float>::infinity();
  try {
    run(plan_of("full"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRuntime);
    EXPECT_THAT(error.what(), HasSubstr("step 8 (number 1 of 8, timestep 990)"));
  }
}

TEST_F(Executor, ArgumentsMustFit) {
  EXPECT_THROW(run(Plan(kNumSteps - 1, Toy::kNumLayers)), Error);
  EXPECT_THROW(run(plan_of("full"), parallel(-1)), Error);
  unconditional_ = {};
  EXPECT_NO_THROW(run(plan_of("full")));
  EXPECT_THROW(run(plan_of("full"), guided(2)), Error);
  conditional_.set("encoder_hidden_states", at::randn({3, 5, Toy::kChannels}));
  EXPECT_THROW(run(plan_of("full")), Error);
}

TEST(ExecutionName, IsReadBack) {
  for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
    EXPECT_EQ(parse_execution(execution_name(execution)), execution);
  }
  EXPECT_THROW(parse_execution("serial"), Error);
}

}  // namespace
}  // namespace fdbench
