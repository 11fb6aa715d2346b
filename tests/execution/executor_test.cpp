// What the executor computes: every plan by its definition, on every kind of graph.
#include "execution/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "execution/executor_fixture.h"

namespace fdbench {
namespace {

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
          const bool is_there = input.layer == kSample || schedule.reads(step, input);
          const Value given = input.layer == kSample ? Value(sample) : held[half][input.layer];
          inputs.push_back({is_there ? given : Value()});
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

class ExecutorNumbers : public Executor {
 protected:
  at::Tensor by_definition(const Plan& plan, double guidance_scale) {
    return definition_of(toy_, plan, sampler_, {unconditional_, conditional_}, latents_,
                         guidance_scale);
  }
};

TEST_F(ExecutorNumbers, FullRunEqualsAPlainLoop) {
  at::Tensor latents = latents_;
  for (int step = 0; step < kNumSteps; ++step) {
    const at::Tensor timesteps = at::full({2}, sampler_.timesteps()[step]);
    const at::Tensor prediction =
        forward(toy_, sampler_.scale_model_input(latents, step), timesteps, conditional_);
    latents = sampler_.step(prediction, step, latents, {});
  }
  EXPECT_TRUE(at::equal(run(plan_of("full")).latents, latents));
}

TEST_F(ExecutorNumbers, EveryStepAKeyStepIsFullBitForBit) {
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

TEST_F(ExecutorNumbers, StrategiesFollowTheirDefinition) {
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
TEST_F(ExecutorNumbers, RandomPlansFollowTheirDefinition) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 60; ++trial) {
    const Plan plan = random_plan(kNumSteps, Toy::kNumLayers, random);
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

class ExecutorOnGraphs : public testing::TestWithParam<GraphCase> {
 protected:
  static constexpr int kNumSteps = 8;
};

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
    const Plan plan = random_plan(kNumSteps, static_cast<int>(graph.layers.size()), random);
    const at::Tensor expected = definition_of(toy, plan, sampler, {none, text}, latents, 3.0);
    for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
      const Program program =
          compile(plan, toy.layers(), {.execution = execution, .max_parallel = trial % 4});
      ExecutorOptions options;
      options.guidance_scale = 3;
      const at::Tensor made =
          denoise(toy, sampler, program, {text, none, latents, {}}, options).latents;
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

/// Control networks of a plan at random: each step computes, holds or drops them.
Plan random_control_plan(int num_steps, std::mt19937& random) {
  Plan plan(num_steps, ControlToy::kNumLayers);
  for (int step = 1; step < num_steps; ++step) {
    const Cell network = static_cast<Cell>(random() % 3);
    for (int layer = 0; layer < ControlToy::kNumLayers; ++layer) {
      const bool reuses = layer < ControlToy::kAdd0 && random() % 2 == 0;
      plan.set(step, layer, reuses ? Cell::kReuse : Cell::kCompute);
      if (layer <= ControlToy::kControl1) plan.set(step, layer, network);
    }
  }
  return plan;
}

TEST_F(ExecutorNumbers, ControlNetworksThatAreLeftOutAddNothing) {
  const ControlToy toy;
  std::mt19937 random(11);
  for (int trial = 0; trial < 12; ++trial) {
    const Plan plan = random_control_plan(kNumSteps, random);
    const at::Tensor expected =
        definition_of(toy, plan, sampler_, {unconditional_, conditional_}, latents_, 4.0);
    for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
      ExecutorOptions options;
      options.guidance_scale = 4.0;
      const at::Tensor made =
          denoise(toy, sampler_, compile(plan, toy.layers(), {.execution = execution}),
                  {conditional_, unconditional_, latents_, {}}, options)
              .latents;
      EXPECT_TRUE(at::allclose(made, expected, 1e-5, 1e-5)) << trial;
    }
  }
}

}  // namespace
}  // namespace fdbench
