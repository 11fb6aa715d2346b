#include "sweep/measured_execution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/error.h"
#include "io/temporary_folder.h"
#include "sweep/early_checks.h"
#include "sweep/run_records.h"
#include "work/sweep_settings.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RunSpec auto_run(const std::string& strategy, int num_steps) {
  RunSpec run = tiny_run(strategy, num_steps);
  run.name += "/auto";
  run.execution = Execution::kAuto;
  return run;
}

/// Sequential took 10, two steps a batch `two` seconds in each round.
Arrays measured(double two) {
  return {{"/max_parallel", at::tensor({1, 0}, at::kInt)},
          {"/seconds", at::tensor({10.0, 10.0, 10.0, two, two, two}, at::kDouble).reshape({2, 3})}};
}

struct Decided {
  Experiment experiment;
  std::vector<std::string> lines;
  std::set<std::string> units;
};

Decided decide(const PreparedSweep& sweep, double two) {
  Decided decided;
  decided.experiment = with_measured_executions(
      sweep, {},
      [&](const WorkUnit& unit) {
        decided.units.insert(unit.hash);
        return measured(two);
      },
      [&](const std::string& line) { decided.lines.push_back(line); });
  return decided;
}

TEST(MeasuredExecution, TheFastestStandsInPlaceOfAuto) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), auto_run("encoder", 4)});
  EXPECT_TRUE(has_auto_execution(sweep.experiment));
  const Decided faster = decide(sweep, 8.1);
  EXPECT_FALSE(has_auto_execution(faster.experiment));
  EXPECT_EQ(faster.experiment.runs[1].execution, Execution::kParallel);
  EXPECT_TRUE(faster.experiment.runs[1].auto_execution);
  EXPECT_FALSE(faster.experiment.runs[0].auto_execution);
  EXPECT_THAT(faster.lines, ElementsAre("encoder/auto: parallel (0.81 of sequential's time)"));
  const Decided slower = decide(sweep, 12);
  EXPECT_EQ(slower.experiment.runs[1].execution, Execution::kSequential);
  EXPECT_THAT(slower.lines, ElementsAre("encoder/auto: sequential"));
}

TEST(MeasuredExecution, WhereNoStepsShareABatchNothingIsMeasured) {
  RunSpec adaptive = auto_run("first_block_cache", 4);
  adaptive.strategy.key_steps = {};
  const PreparedSweep sweep = tiny_sweep({auto_run("full", 4)});
  const Decided decided = decide(sweep, 5);
  EXPECT_TRUE(decided.units.empty());
  EXPECT_EQ(decided.experiment.runs[0].execution, Execution::kSequential);
  EXPECT_EQ(auto_text(sweep.runs[0].stages[0]), "auto: sequential, as no steps can share a batch");
}

TEST(MeasuredExecution, UnitsAreNamedByWhatRuns) {
  RunSpec named = tiny_run("encoder", 4);
  named.execution = Execution::kParallel;
  const PreparedSweep sweep = tiny_sweep({auto_run("encoder", 4), named});
  EXPECT_NE(work_of(sweep.runs[0]), work_of(sweep.runs[1]));
  const PreparedSweep decided = tiny_sweep(decide(sweep, 5).experiment.runs);
  EXPECT_EQ(work_of(decided.runs[0]), work_of(decided.runs[1]));
}

TEST(MeasuredExecution, IsKeptForRunsOfTheSameWork) {
  RunSpec renamed = auto_run("encoder", 4);
  renamed.name = "again";
  const PreparedSweep sweep = tiny_sweep({auto_run("encoder", 4), renamed, auto_run("encoder", 6)});
  EXPECT_EQ(decide(sweep, 5).units.size(), 2U);
  const auto hash = [&](const Settings& settings) {
    return execution_unit(sweep, settings, 0).hash;
  };
  EXPECT_EQ(hash({{"dtype", "float32"}, {"runs.full", "a"}, {"timing.rounds", "8"}}),
            hash({{"dtype", "float32"}, {"runs.full", "b"}, {"timing.rounds", "9"}}));
  EXPECT_NE(hash({{"dtype", "float32"}}), hash({{"dtype", "bfloat16"}}));
  EXPECT_NE(hash({{"threads", "1"}}), hash({{"threads", "2"}}));
}

TEST(MeasuredExecution, IsRecorded) {
  const PreparedSweep sweep = tiny_sweep({auto_run("encoder", 4)});
  EXPECT_EQ(planned_record(sweep.runs[0]).execution, "auto");
  const PreparedSweep decided = tiny_sweep(decide(sweep, 5).experiment.runs);
  const RunRecord record = planned_record(decided.runs[0]);
  EXPECT_EQ(record.execution, "parallel");
  EXPECT_TRUE(record.auto_execution);
}

TEST(MeasuredExecution, CannotBeSharded) {
  Experiment experiment;
  experiment.runs = {tiny_run("full", 4), auto_run("encoder", 4)};
  experiment.runs[1].place = {.file = "c.yaml", .line = 7};
  EXPECT_THAT(message_of([&] { check_runs_in_shards(experiment); }),
              HasSubstr("execution: auto measures before it plans"));
  experiment.runs.pop_back();
  EXPECT_NO_THROW(check_runs_in_shards(experiment));
}

TEST(MeasuredExecution, PlansSayWhatIsMeasured) {
  const PreparedSweep sweep = tiny_sweep({auto_run("encoder", 4)});
  EXPECT_EQ(auto_text(sweep.runs[0].stages[0]),
            "auto: the fastest, by measurement, of sequential; parallel");
}

}  // namespace
}  // namespace fdbench
