// How the executor goes about it: batches, observers, what is held and timed, what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <random>
#include <thread>
#include <utility>

#include "core/error.h"
#include "execution/executor_fixture.h"
#include "plan/held_outputs.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using ExecutorCalls = Executor;

TEST_F(ExecutorCalls, ParallelRunsTheDecoderOfAGroupInOneBatch) {
  const DenoiseResult result = run(plan_of("encoder"), parallel());
  EXPECT_THAT(toy_.batch_sizes[Toy::kMid], ElementsAre(2, 2, 2));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(8, 2, 6));
  EXPECT_EQ(result.num_calls, 3);
  EXPECT_EQ(result.num_step_calls, kNumSteps);
}

TEST_F(ExecutorCalls, GuidanceDoublesTheBatch) {
  run(plan_of("encoder"), parallel(0, 5));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(16, 4, 12));
}

TEST_F(ExecutorCalls, MaxParallelCapsTheBatch) {
  const DenoiseResult result = run(plan_of("encoder"), parallel(2));
  EXPECT_THAT(toy_.batch_sizes[Toy::kUp0], ElementsAre(4, 4, 2, 4, 2));
  EXPECT_EQ(result.num_calls, 5);
}

TEST_F(ExecutorCalls, SequentialRunsStepByStep) {
  const DenoiseResult result = run(plan_of("encoder"));
  EXPECT_THAT(toy_.batch_sizes[Toy::kMid], ElementsAre(2, 2, 2));
  EXPECT_EQ(toy_.batch_sizes[Toy::kUp0].size(), 8U);
  EXPECT_EQ(result.num_calls, kNumSteps);
}

TEST_F(ExecutorCalls, ReusedPredictionsNeedNoCall) {
  for (const How& how : {How{}, parallel()}) {
    const DenoiseResult result = run(plan_of("encoder_decoder"), how);
    EXPECT_EQ(result.num_calls, 3);
    EXPECT_EQ(result.num_step_calls, 3);
  }
}

TEST_F(ExecutorCalls, StepsThatAreLeftOutHaveNoUpdate) {
  std::vector<int> updated;
  How how;
  how.options.observe_step = [&](int step, const at::Tensor&) { updated.push_back(step); };
  run(plan_of("drop"), how);
  EXPECT_THAT(updated, ElementsAre(0, 4, 5));
}

TEST_F(ExecutorCalls, OriginalSamplesAreOfTheSampleBeforeTheUpdate) {
  // The toy sampler: next = sample - (0.1 + 0.02 step) answer, original = sample - (step + 1)
  // answer.
  const auto check = [&](const std::string& strategy, const std::vector<int>& steps, How how) {
    std::vector<int> seen;
    std::map<int, at::Tensor> originals, latents;
    how.options.observe_original_sample = [&](int step, const at::Tensor& sample) {
      EXPECT_FALSE(latents.contains(step)) << "it is told before the update";
      seen.push_back(step);
      originals[step] = sample.clone();
    };
    how.options.observe_step = [&](int step, const at::Tensor& sample) {
      latents[step] = sample.clone();
    };
    run(plan_of(strategy), how);
    EXPECT_EQ(seen, steps) << strategy;
    for (const int step : steps) {
      if (!latents.contains(step - 1)) continue;
      const at::Tensor& before = latents[step - 1];
      const at::Tensor answer = (before - latents[step]) / (0.1 + 0.02 * step);
      EXPECT_TRUE(at::allclose(originals[step], before - answer * (step + 1), 1e-4, 1e-5))
          << strategy << ", step " << step;
    }
  };
  check("full", {0, 1, 2, 3, 4, 5, 6, 7}, {});
  check("encoder", {0, 1, 2, 3, 4, 5, 6, 7}, parallel());
  check("drop", {0, 4, 5}, {});
}

TEST_F(ExecutorCalls, ObserversSeeEachRunOnce) {
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

TEST_F(ExecutorCalls, ObserversAreNotTimed) {
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

TEST_F(ExecutorCalls, HoldsOnlyWhatIsWantedLater) {
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

TEST_F(ExecutorCalls, ALatentThatIsNotFiniteNamesTheStep) {
  latents_[0][0][0][0] = std::numeric_limits<float>::infinity();
  try {
    run(plan_of("full"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRuntime);
    EXPECT_THAT(error.what(), HasSubstr("step 8 (number 1 of 8, timestep 990)"));
  }
}

TEST_F(ExecutorCalls, ArgumentsMustFit) {
  EXPECT_THROW(run(Plan(kNumSteps - 1, Toy::kNumLayers)), Error);
  EXPECT_THROW(run(plan_of("full"), parallel(-1)), Error);
  unconditional_ = {};
  EXPECT_NO_THROW(run(plan_of("full")));
  EXPECT_THROW(run(plan_of("full"), guided(2)), Error);
  conditional_.set("encoder_hidden_states", at::randn({3, 5, Toy::kChannels}));
  EXPECT_THROW(run(plan_of("full")), Error);
}

// What is predicted from the program is what the executor measures.
TEST_F(ExecutorCalls, HoldTheBytesThatTheProgramSays) {
  std::mt19937 random(11);
  for (int trial = 0; trial < 40; ++trial) {
    const Plan plan = random_plan(kNumSteps, Toy::kNumLayers, random);
    const double scale = trial % 2 == 0 ? 1 : 3;
    How how = trial % 4 < 2 ? guided(scale) : parallel(trial % 3, scale);
    how.compiled.savings.prefix_sharing = trial % 8 < 4;
    const bool has_halves = scale > 1;
    const SampleShape shape{.batch = has_halves ? 4 : 2, .axes = {6, 6}};
    const std::int64_t predicted =
        peak_held_bytes(compile(plan, toy_.layers(), how.compiled), toy_.layers(),
                        toy_.costs(shape, {}), sizeof(float), has_halves);
    EXPECT_EQ(run(plan, how).peak_held_bytes, predicted) << trial;
  }
}

}  // namespace
}  // namespace fdbench
