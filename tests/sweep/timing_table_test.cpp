#include "sweep/timing_table.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "results/unit_arrays.h"
#include "sweep/timing_process.h"
#include "sweep/timing_round.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

/// A round of two runs: the plain one took `full` seconds, the other 1.
Arrays round_of(double full, std::int64_t process) {
  Arrays arrays = {{timing_arrays::kProcess, at::full({1}, process, at::kLong)}};
  for (const char* name : timing_arrays::kSeconds) {
    arrays[name] = at::tensor({full, 1.0}, at::kDouble);
  }
  return arrays;
}

PreparedSweep two_runs(int fewest, double until) {
  PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
  sweep.experiment.timing.fewest_rounds = fewest;
  sweep.experiment.timing.until = until;
  return sweep;
}

TEST(JoinRounds, NumbersProcessesInTheirOrder) {
  const Arrays timing = join_rounds({round_of(2, 77), round_of(3, 5), round_of(4, 77)});
  EXPECT_EQ(processes_of(timing), (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(timing.at("/unet_s").sizes(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(timing.at("/unet_s")[0][1].item<double>(), 3);
}

TEST(JoinRounds, LeavesOutWhatSomeRoundsLack) {
  Arrays old = round_of(2, 1);
  old.erase(timing_arrays::kProcess);
  const Arrays timing = join_rounds({round_of(2, 1), old});
  EXPECT_TRUE(processes_of(timing).empty());
  EXPECT_TRUE(timing.contains("/unet_s"));
}

TEST(AreEnough, WaitsForNarrowIntervals) {
  const std::vector<Arrays> alike = {round_of(2, 1), round_of(2.01, 1), round_of(2.02, 1)};
  const std::vector<Arrays> scattered = {round_of(1, 1), round_of(2, 1), round_of(3, 1)};
  const PreparedSweep sweep = two_runs(3, 0.01);
  EXPECT_TRUE(are_enough(sweep, join_rounds(alike)));
  EXPECT_FALSE(are_enough(sweep, join_rounds(scattered)));
  EXPECT_FALSE(are_enough(two_runs(4, 0.01), join_rounds(alike))) << "too few rounds";
  EXPECT_FALSE(are_enough(two_runs(3, 0.001), join_rounds(alike)));
  EXPECT_FALSE(are_enough(sweep, join_rounds({})));
}

TEST(RunToEnd, ThrowsWhatWentWrong) {
  EXPECT_NO_THROW(run_to_end({"/bin/true"}));
  EXPECT_THROW(run_to_end({"/bin/false"}), Error);
  EXPECT_THROW(run_to_end({"/bin/there-is-no-such-program"}), Error);
  EXPECT_EQ(process_token(), process_token());
}

}  // namespace
}  // namespace fdbench
