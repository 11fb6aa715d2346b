#include "execution/executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <random>
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

class Executor : public testing::Test {
 protected:
  Executor() { at::manual_seed(3); }

  DenoiseResult run(const Plan& plan, const ExecutorOptions& options = {}) {
    toy_.batch_sizes.clear();
    return denoise(toy_, sampler_, Schedule(plan, toy_.layers()), conditional_, unconditional_,
                   latents_, {}, options);
  }

  Plan plan_of(const std::string& strategy, const KeySteps& key_steps = kKeys) {
    return make_plan({strategy, key_steps, {}}, kNumSteps, toy_.layers());
  }

  static ExecutorOptions parallel(int max_parallel = 0, double guidance_scale = 1) {
    ExecutorOptions options;
    options.execution = Execution::kParallel;
    options.max_parallel = max_parallel;
    options.guidance_scale = guidance_scale;
    return options;
  }

  static ExecutorOptions guided(double scale) {
    ExecutorOptions options;
    options.guidance_scale = scale;
    return options;
  }

  /// Each cell by its definition, one step and one half of the guidance at a time.
  at::Tensor by_definition(const Plan& plan, double guidance_scale) {
    const Schedule schedule(plan, toy_.layers());
    at::Tensor latents = latents_;
    std::vector<std::vector<at::Tensor>> held(2, std::vector<at::Tensor>(Toy::kNumLayers));
    for (int step = 0; step < kNumSteps; ++step) {
      if (schedule.dropped(step)) continue;
      const at::Tensor sample = sampler_.scale_model_input(latents, step);
      for (int half = 0; half < 2; ++half) {
        const Conditioning& conditioning = half == 0 ? unconditional_ : conditional_;
        const StepContext context = toy_.begin_step(
            at::full({latents.size(0)}, sampler_.timesteps()[step]), conditioning, 6, 6);
        for (int layer = 0; layer < Toy::kNumLayers; ++layer) {
          if (!schedule.runs(step, layer)) continue;
          std::vector<LayerInput> inputs;
          for (const int input : toy_.layers()[layer].inputs) {
            inputs.push_back({input == kSample ? sample : held[half][input]});
          }
          LayerScratch scratch;
          held[half][layer] = toy_.run_layer(layer, inputs, context, scratch);
        }
      }
      const at::Tensor u = held[0].back(), c = held[1].back();
      const at::Tensor prediction = guidance_scale > 1 ? u + guidance_scale * (c - u) : c;
      latents = sampler_.step(prediction, step, latents, {});
    }
    return latents;
  }

  Toy toy_;
  ToySampler sampler_{kNumSteps};
  Conditioning conditional_{at::randn({2, 5, Toy::kChannels}), {}, {}};
  Conditioning unconditional_{at::randn({2, 5, Toy::kChannels}), {}, {}};
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
        const ExecutorOptions options = parallel(max_parallel, scale);
        EXPECT_TRUE(at::allclose(run(plan_of(strategy), options).latents, expected, 1e-5, 1e-6))
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
    Plan plan(kNumSteps, Toy::kNumLayers);
    for (int step = 1; step < kNumSteps; ++step) {
      const bool dropped = random() % 8 == 0;
      for (int layer = 0; layer < Toy::kNumLayers; ++layer) {
        const Cell cell = random() % 2 == 0 ? Cell::kReuse : Cell::kCompute;
        plan.set(step, layer, dropped ? Cell::kDrop : cell);
      }
    }
    const at::Tensor expected = by_definition(plan, 3.0);
    EXPECT_TRUE(at::allclose(run(plan, guided(3)).latents, expected, 1e-5, 1e-6)) << trial;
    const ExecutorOptions options = parallel(trial % 4, 3);
    EXPECT_TRUE(at::allclose(run(plan, options).latents, expected, 1e-5, 1e-6)) << trial;
  }
}

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
  for (const ExecutorOptions& options : {ExecutorOptions{}, parallel()}) {
    const DenoiseResult result = run(plan_of("encoder_decoder"), options);
    EXPECT_EQ(result.num_calls, 3);
    EXPECT_EQ(result.num_step_calls, 3);
  }
}

TEST_F(Executor, StepsThatAreLeftOutHaveNoUpdate) {
  std::vector<int> updated;
  ExecutorOptions options;
  options.observe_step = [&](int step, const at::Tensor&) { updated.push_back(step); };
  run(plan_of("drop"), options);
  EXPECT_THAT(updated, ElementsAre(0, 4, 5));
}

TEST_F(Executor, ObserversSeeEachRunOnce) {
  std::map<std::pair<int, int>, at::Tensor> sequential, batched;
  ExecutorOptions options;
  options.observe_layer = [&](int step, int layer, const at::Tensor& output) {
    EXPECT_TRUE(sequential.emplace(std::pair(step, layer), output).second);
  };
  run(plan_of("encoder"), options);
  options = parallel();
  options.observe_layer = [&](int step, int layer, const at::Tensor& output) {
    EXPECT_TRUE(batched.emplace(std::pair(step, layer), output).second);
  };
  run(plan_of("encoder"), options);
  EXPECT_EQ(sequential.size(), 3 * 7 + 5 * 3U);
  ASSERT_EQ(batched.size(), sequential.size());
  for (const auto& [place, output] : sequential) {
    EXPECT_TRUE(at::allclose(batched[place], output, 1e-5, 1e-6)) << place.first << place.second;
  }
}

TEST_F(Executor, ObserversAreNotTimed) {
  using std::chrono::milliseconds;
  ExecutorOptions options;
  options.observe_layer = [](int, int, const at::Tensor&) {
    std::this_thread::sleep_for(milliseconds(5));
  };
  const auto start = std::chrono::steady_clock::now();
  const double network = run(plan_of("full"), options).unet_seconds;
  const std::chrono::duration<double> all = std::chrono::steady_clock::now() - start;
  EXPECT_GT(network, 0);
  EXPECT_GT(all.count() - network, kNumSteps * Toy::kNumLayers * 0.005);
}

TEST_F(Executor, HoldsOnlyWhatIsWantedLater) {
  using Weak = c10::weak_intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>;
  std::vector<Weak> outputs;
  std::vector<std::ptrdiff_t> held;
  ExecutorOptions options;
  options.observe_layer = [&](int, int, const at::Tensor& output) {
    outputs.emplace_back(output.getIntrusivePtr());
  };
  options.observe_step = [&](int, const at::Tensor&) {
    held.push_back(std::count_if(outputs.begin(), outputs.end(),
                                 [](const Weak& output) { return !output.expired(); }));
  };
  run(plan_of("full"), options);
  EXPECT_THAT(held, testing::Each(1));  // the prediction of the update that goes on
  outputs.clear();
  held.clear();
  run(plan_of("encoder"), options);  // two skips and the bottleneck until their last reader
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
  unconditional_.encoder_hidden_states = at::Tensor();
  EXPECT_NO_THROW(run(plan_of("full")));
  EXPECT_THROW(run(plan_of("full"), guided(2)), Error);
  conditional_.encoder_hidden_states = at::randn({3, 5, Toy::kChannels});
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
