#include "sweep/plan_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(PlanGrid, ShowsWhatRunsAndWhatIsReused) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 6)});
  const std::string text = plan_grid(sweep, sweep.runs[0]);
  EXPECT_THAT(text, HasSubstr("down             #.#.#.  6/12\n"));
  EXPECT_THAT(text, HasSubstr("up               ######  12/12\n"));
  EXPECT_THAT(text, HasSubstr("18 of 24 layer runs"));
}

TEST(PlanGrid, IsReadBackByARun) {
  for (const int num_steps : {6, 130}) {
    const PreparedSweep sweep =
        tiny_sweep({tiny_run("encoder", num_steps), tiny_run("drop", num_steps)});
    for (const PreparedRun& run : sweep.runs) {
      const GridLines lines = parse_grid(plan_grid(sweep, run));
      EXPECT_EQ(plan_of_grid(lines, num_steps, sweep.stages[0].model.layers), run.stages[0].plan);
      const GridLines json = parse_grid(plan_json(sweep, run).dump());
      EXPECT_EQ(plan_of_grid(json, num_steps, sweep.stages[0].model.layers), run.stages[0].plan);
    }
  }
}

TEST(PlanGrid, ShowsStepsThatAreLeftOut) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("drop", 6)});
  EXPECT_THAT(plan_grid(sweep, sweep.runs[0]), HasSubstr("down             #x#x#x  6/12\n"));
}

TEST(PlanGrid, SaysWhenNothingIsReused) {
  RunSpec run = tiny_run("encoder", 2);
  run.strategy.key_steps = {true, true};
  const PreparedSweep sweep = tiny_sweep({run, tiny_run("full", 2)});
  EXPECT_THAT(plan_grid(sweep, sweep.runs[0]), HasSubstr("# note: every layer runs at every step"));
  EXPECT_THAT(plan_grid(sweep, sweep.runs[1]), Not(HasSubstr("note:")));
}

TEST(PlanGrid, FitsOneHundredColumns) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 250)});
  std::istringstream lines(plan_grid(sweep, sweep.runs[0]));
  lines.ignore(1000, '\n');  // the head line
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(PlanJson, HoldsEveryCell) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 2)});
  const nlohmann::ordered_json json = plan_json(sweep, sweep.runs[0]);
  EXPECT_EQ(json["cells"], nlohmann::json({{2, 2, 2, 2}, {1, 1, 2, 2}}));
  EXPECT_EQ(json["ran"], nlohmann::json({{1, 1, 1, 1}, {0, 0, 1, 1}}));
  EXPECT_EQ(json["layers"].size(), 4u);
}

}  // namespace
}  // namespace fdbench
