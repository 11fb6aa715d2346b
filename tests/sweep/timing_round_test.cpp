#include "sweep/timing_round.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "denoisers/load_denoiser.h"
#include "io/temporary_folder.h"
#include "results/unit_arrays.h"
#include "sweep/measured_execution.h"

namespace fdbench {
namespace {

using testing::Contains;
using testing::ElementsAre;

/// Two runs of the embedded model.
class TimingRound : public testing::Test {
 protected:
  static Experiment experiment() {
    const TemporaryFolder folder;
    const std::string text = "name: t\nmodel: " FDBENCH_SOURCE_DIR
                             "/models/mini\nprompts: [a red circle, a blue square]\nsteps: 4\n"
                             "sampler: ddim\nfeatures: false\nguidance_scale: 4\nruns:\n"
                             "  - {strategy: full}\n"
                             "  - {strategy: encoder, key_steps: {uniform: 4}, execution: auto}\n";
    return load_experiment(folder.write("c.yaml", text), {});
  }

  const Experiment experiment_ = experiment();
  const std::vector<StageFolder> folders_ = open_models(experiment_);
  const TextToImagePipeline pipeline_{folders_[0].folder};
  const PreparedSweep sweep_ = prepare_sweep(experiment_, folders_, pipeline_);
};

TEST(ShuffledRuns, ArePermutationsThatDependOnSeedAndRound) {
  const std::vector<int> order = shuffled_runs(12, 3, 1);
  EXPECT_EQ(std::set<int>(order.begin(), order.end()).size(), 12u);
  EXPECT_EQ(order, shuffled_runs(12, 3, 1));
  EXPECT_NE(order, shuffled_runs(12, 3, 2));
  EXPECT_NE(order, shuffled_runs(12, 4, 1));
}

TEST_F(TimingRound, MeasuresEveryRunOnce) {
  const Arrays round = time_round(sweep_, pipeline_, 0);
  std::vector<std::string> names;
  for (const auto& [name, values] : round) names.push_back(name);
  for (const char* name : timing_arrays::kSeconds) {
    ASSERT_THAT(names, Contains(name));
    EXPECT_EQ(round.at(name).sizes(), at::IntArrayRef{2}) << name;
    EXPECT_TRUE((round.at(name) > 0).all().item<bool>()) << name << " " << round.at(name);
    EXPECT_TRUE(at::isfinite(round.at(name)).all().item<bool>()) << name;
  }
  EXPECT_TRUE(at::equal(round.at(timing_arrays::kStages).sum(1), round.at("/unet_s")));
  EXPECT_TRUE((round.at("/total_s") >= round.at("/unet_s")).all().item<bool>());
  EXPECT_EQ(round.at(timing_arrays::kOrder).sum().item<int>(), 1) << "places 0 and 1";
  EXPECT_EQ(round.at(timing_arrays::kCalls)[0].item<int>(), 4);
  EXPECT_TRUE((round.at(timing_arrays::kProcessor) > 0).all().item<bool>());
  EXPECT_TRUE((round.at(timing_arrays::kHeldMemory) > 0).all().item<bool>());
  EXPECT_EQ(round.at(timing_arrays::kLayers).numel(), pipeline_.denoiser().info().layers.size());
  EXPECT_TRUE((round.at(timing_arrays::kLayers) > 0).all().item<bool>());
  for (const char* name : {timing_arrays::kPeakMemory, timing_arrays::kProcess,
                           timing_arrays::kSteal, timing_arrays::kOthers, timing_arrays::kClock}) {
    EXPECT_THAT(names, Contains(name));
  }
}

// As drawn: the same noise, prompt and options whatever else was timed before.
TEST_F(TimingRound, TimesTheLatentThatIsDrawn) {
  const PromptPair pair = encode_pair(sweep_, pipeline_, 0, 1, 1);
  const TimedLatent timed = time_latent(sweep_, pipeline_, sweep_.runs[1], 0, 1, pair);
  const StageRun& run = sweep_.runs[1].stages[0];
  RunLatents drawn(sweep_, run, pipeline_, 0, {1});
  EXPECT_TRUE(at::equal(timed.result.latents, drawn.make(run, pipeline_.denoiser(), pair).latents));
  EXPECT_GE(timed.total_s, timed.result.unet_seconds);
}

TEST_F(TimingRound, MeasuresWhatAutoChoosesFrom) {
  const PromptPair pair = encode_pair(sweep_, pipeline_, 0, 0, 1);
  int timings = 0;
  const WayTimes times =
      way_times(measure_execution(sweep_, pipeline_, 1, pair, [&] { ++timings; }));
  EXPECT_EQ(timings, 3 * (kWayRounds + 1));
  EXPECT_THAT(times.ways, ElementsAre(ExecutionWay{}, ExecutionWay{Execution::kParallel, 2},
                                      ExecutionWay{Execution::kParallel, 0}));
  for (const std::vector<double>& seconds : times.seconds) {
    EXPECT_EQ(seconds.size(), static_cast<std::size_t>(kWayRounds));
    EXPECT_THAT(seconds, testing::Each(testing::Gt(0)));
  }
}

}  // namespace
}  // namespace fdbench
