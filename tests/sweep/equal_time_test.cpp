#include "sweep/equal_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kText =
    "name: test\nmodel: somewhere\nprompts: [a]\nruns:\n"
    "  - {strategy: full}\n"
    "  - {strategy: drop, key_steps: sd_ddim}\n"
    "  - {strategy: encoder, key_steps: sd_ddim}\n"
    "  - {strategy: full, sampler: dpm_solver, steps: 20, name: dpm}\n"
    "  - {strategy: encoder, sampler: dpm_solver, steps: 20, key_steps: all, name: dpm_keys}\n";

Experiment load(const std::string& more) {
  const TemporaryFolder folder;
  return load_experiment(folder.write("c.yaml", kText + more), {});
}

std::string fault(const std::string& more) {
  return message_of([&] { load(more); });
}

Arrays steps(const std::vector<int>& values) { return {{"/steps", at::tensor(values, at::kInt)}}; }

TEST(EqualTime, MethodsAreThePlainRunsOpponents) {
  EXPECT_THAT(equal_time_methods(load("equal_time: true\n")), ElementsAre(1, 2, 4));
  EXPECT_THAT(equal_time_methods(load("equal_time: [dpm_keys]\n")), ElementsAre(4));
  EXPECT_TRUE(equal_time_methods(load("equal_time: false\n")).empty());
}

TEST(EqualTime, AddsOnePlainRunForEachNumberOfSteps) {
  const Experiment whole = with_equal_time(load("equal_time: true\n"), steps({0, 9, 9, 0, 17}));
  ASSERT_EQ(whole.runs.size(), 7u);
  EXPECT_EQ(whole.runs[5].name, "equal_time/full/9_steps");
  EXPECT_EQ(whole.runs[6].name, "equal_time/dpm/17_steps");
  EXPECT_EQ(whole.runs[6].num_steps, 17);
  EXPECT_EQ(whole.runs[6].sampler.name, "dpm_solver");
  EXPECT_TRUE(whole.runs[6].is_plain());
  EXPECT_EQ(whole.baseline_of(5), 0);
  EXPECT_EQ(whole.baseline_of(6), 3);
}

TEST(EqualTime, WhatHasNoBaselineIsRefused) {
  EXPECT_THAT(fault("equal_time: [full]\n"), HasSubstr("'full' has no baseline"));
  EXPECT_THAT(fault("equal_time: [dropp]\n"), HasSubstr(":10:"));
  const TemporaryFolder folder;
  const std::string text =
      "name: test\nmodel: m\nprompts: [a]\nequal_time: true\n"
      "runs: [{strategy: drop, key_steps: all}]\n";
  EXPECT_THAT(message_of([&] { load_experiment(folder.write("c.yaml", text), {}); }),
              HasSubstr("needs a plain run"));
}

TEST(EqualTime, MoreRoundsKeepTheCalibration) {
  const auto hash = [](const Settings& settings) { return calibration_unit(settings).hash; };
  EXPECT_EQ(hash({{"seed", "0"}, {"timing.rounds", "3"}}),
            hash({{"seed", "0"}, {"timing.rounds", "9"}}));
  EXPECT_EQ(hash({{"seed", "0"}, {"timing.rounds", "9"}, {"timing.until", "5 0.02"}}),
            hash({{"seed", "0"}, {"timing.rounds", "50"}, {"timing.until", "7 0.05"}}));
  EXPECT_NE(hash({{"seed", "0"}}), hash({{"seed", "1"}}));
}

}  // namespace
}  // namespace fdbench
