#include "work/work_units.h"

#include <gtest/gtest.h>

#include <set>

#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

Settings some_settings() {
  return {{"seed", "0"},          {"runs.full", "f"},     {"runs.encoder", "e"},
          {"timing.rounds", "2"}, {"timing.warmup", "1"}, {"features.detail", "block"},
          {"prompts.hash", "x"},  {"pictures.keep", "-1"}};
}

std::vector<std::string> hashes(const PreparedSweep& sweep, const Settings& settings) {
  std::vector<std::string> result;
  for (const WorkUnit& unit : plan_units(sweep, settings)) result.push_back(unit.hash);
  return result;
}

/// Which units are no longer the same after one setting changed.
std::vector<bool> changed(const std::string& key) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
  Settings other = some_settings();
  other[key] = "changed";
  const auto before = hashes(sweep, some_settings()), after = hashes(sweep, other);
  std::vector<bool> result;
  for (std::size_t i = 0; i < before.size(); ++i) result.push_back(before[i] != after[i]);
  return result;
}

TEST(WorkUnits, CoverEveryPictureAndRoundOnce) {
  const PreparedSweep sweep = tiny_sweep({tiny_run("full", 4), tiny_run("encoder", 4)});
  const std::vector<WorkUnit> units = plan_units(sweep, some_settings());
  ASSERT_EQ(units.size(), 2u * 2u + 2u);
  EXPECT_EQ(units[0].count, 2);
  EXPECT_EQ(units[1].first, 2);
  EXPECT_EQ(units[1].count, 1);
  EXPECT_EQ(units[2].run, 1);
  EXPECT_EQ(units[5].kind, WorkUnit::Kind::kTiming);
  EXPECT_EQ(units[5].round, 1);
  std::set<std::string> names;
  for (const WorkUnit& unit : units) names.insert(unit.file_name());
  EXPECT_EQ(names.size(), units.size());
}

TEST(WorkUnits, AreNamedByWhatDeterminesThem) {
  using Changed = std::vector<bool>;  // full x 2 chunks, encoder x 2 chunks, 2 rounds
  EXPECT_EQ(changed("seed"), (Changed{true, true, true, true, true, true}));
  EXPECT_EQ(changed("runs.encoder"), (Changed{false, false, false, false, true, true}))
      << "pictures are named by the grid that the run makes";
  EXPECT_EQ(changed("features.detail"), (Changed{true, true, true, true, false, false}));
  EXPECT_EQ(changed("timing.warmup"), (Changed{false, false, false, false, true, true}));
  EXPECT_EQ(changed("timing.rounds"), (Changed{false, false, false, false, false, false}));
  EXPECT_EQ(changed("pictures.keep"), (Changed{false, false, false, false, false, false}));
}

TEST(WorkUnits, AreNamedByTheGridAndNotByItsName) {
  RunSpec other = tiny_run("custom", 4);
  other.strategy.key_steps.clear();
  other.strategy.options = {{"blocks", KeyStepsByPart{{"encoder", uniform_key_steps(2, 4)}}}};
  RunSpec parallel = tiny_run("encoder", 4), linear = tiny_run("encoder", 4);
  parallel.execution = Execution::kParallel;
  linear.strategy.reuse = Reuse::kLinear;
  const PreparedSweep sweep = tiny_sweep({tiny_run("encoder", 4), other, parallel, linear});
  const std::vector<WorkUnit> units = plan_units(sweep, some_settings());
  EXPECT_EQ(units[0].hash, units[2].hash) << "the same grid by another name";
  EXPECT_GT(units[0].cost, 0);
  EXPECT_EQ(units[2].cost, 0) << "it costs nothing more";
  EXPECT_NE(units[0].hash, units[1].hash);
  EXPECT_NE(units[0].hash, units[4].hash) << "another execution rounds otherwise";
  EXPECT_NE(units[0].hash, units[6].hash) << "another way to reuse";
}

TEST(WorkUnits, ACaptionBelongsToItsChunk) {
  PreparedSweep sweep = tiny_sweep({tiny_run("full", 4)});
  const auto before = hashes(sweep, some_settings());
  sweep.experiment.captions[2] = "another";
  const auto after = hashes(sweep, some_settings());
  EXPECT_EQ(before[0], after[0]);
  EXPECT_NE(before[1], after[1]);
}

TEST(DescribeChanges, NamesWhatDiffers) {
  Settings now = some_settings();
  EXPECT_EQ(describe_changes(now, now), "");
  now["seed"] = "1";
  now.erase("prompts.hash");
  now["runs.drop"] = "d";
  EXPECT_EQ(describe_changes(some_settings(), now),
            "runs.drop (new), seed (was 0, now 1), prompts.hash (gone)");
  now["timing.rounds"] = "3";
  EXPECT_NE(describe_changes(some_settings(), now).find("and 1 more"), std::string::npos);
}

TEST(Settings, SurviveTheirText) {
  EXPECT_EQ(settings_from_json(settings_json(some_settings())), some_settings());
  EXPECT_TRUE(settings_from_json("no json").empty());
}

}  // namespace
}  // namespace fdbench
