#include "profiling/execution_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ExecutionWay kSequentialWay = {};

ExecutionWay parallel(int cap) { return {Execution::kParallel, cap}; }

Schedule schedule_of(const ToyDenoiser& toy, const KeySteps& keys, Reuse reuse = Reuse::kHold) {
  StrategyOptions strategy{"encoder", keys, {}};
  strategy.reuse = reuse;
  return {make_plan(strategy, static_cast<int>(keys.size()), toy.layers()), toy.layers()};
}

/// Groups of one, `length` and two steps.
KeySteps groups(int length) {
  KeySteps keys = {true, true};
  keys.insert(keys.end(), static_cast<std::size_t>(length) - 1, false);
  keys.insert(keys.end(), {true, false});
  return keys;
}

TEST(ExecutionChoice, WaysAreThoseThatDiffer) {
  const ToyDenoiser toy;
  const auto ways = [&](int length, int max_parallel) {
    return ways_worth_timing(schedule_of(toy, groups(length)), max_parallel);
  };
  EXPECT_THAT(ways(6, 0), ElementsAre(kSequentialWay, parallel(2), parallel(4), parallel(0)));
  EXPECT_THAT(ways(4, 0), ElementsAre(kSequentialWay, parallel(2), parallel(0)));
  EXPECT_THAT(ways(6, 3), ElementsAre(kSequentialWay, parallel(2), parallel(3)));
  EXPECT_THAT(ways(6, 1), ElementsAre(kSequentialWay));
}

TEST(ExecutionChoice, OneWayWhereNoStepsShareABatch) {
  const ToyDenoiser toy;
  const Schedule all_keys = schedule_of(toy, KeySteps(5, true));
  EXPECT_THAT(ways_worth_timing(all_keys, 0), ElementsAre(kSequentialWay));
  const StrategyOptions adaptive{"first_block_cache", {}, {{"cache_branch", 0}}};
  const Schedule decided(make_plan(adaptive, 5, toy.layers()), toy.layers());
  EXPECT_THAT(ways_worth_timing(decided, 0), ElementsAre(kSequentialWay));
  const auto time = [](const Program&, const TimedPart&) -> double {
    ADD_FAILURE() << "nothing is to be timed";
    return 1;
  };
  const WayTimes times = time_ways(all_keys, toy.layers(), {}, time);
  EXPECT_THAT(times.seconds, ElementsAre(IsEmpty()));
  EXPECT_EQ(fastest_way(times), kSequentialWay);
}

TEST(ExecutionChoice, TheLongestGroupIsTimed) {
  const ToyDenoiser toy;
  const TimedPart part = timed_part(schedule_of(toy, groups(4)));
  EXPECT_THAT(part.steps, ElementsAre(1, 2, 3, 4));
  const KeySteps keys = {true, false, false, false};
  EXPECT_EQ(part.plan, make_plan({"encoder", keys, {}}, 4, toy.layers()));
}

// A forecast reads from more than one step before it.
TEST(ExecutionChoice, WhatTheGroupReadsFromIsComputedBefore) {
  const ToyDenoiser toy;
  const TimedPart part = timed_part(schedule_of(toy, groups(3), Reuse::kLinear));
  EXPECT_THAT(part.steps, ElementsAre(1, 1, 1, 2, 3));
  EXPECT_EQ(part.plan.reuse(), Reuse::kLinear);
  // A group of which the first row reuses, too: the deep layers are held all along.
  Plan plan(5, ToyDenoiser::kNumLayers);
  for (int step = 1; step < 5; ++step) plan.set(step, ToyDenoiser::kMid, Cell::kReuse);
  for (int step = 2; step < 5; ++step) {
    for (const int layer : {ToyDenoiser::kConvIn, ToyDenoiser::kDown0, ToyDenoiser::kDown1}) {
      plan.set(step, layer, Cell::kReuse);
    }
  }
  const TimedPart held = timed_part(Schedule(plan, toy.layers()));
  EXPECT_THAT(held.steps, ElementsAre(1, 1, 2, 3, 4));
  EXPECT_NO_THROW(compile(held.plan, toy.layers(), {}));
}

TEST(ExecutionChoice, RoundsAreInterleavedAfterOneThatWarmsUp) {
  const ToyDenoiser toy;
  std::vector<int> caps;
  const auto time = [&](const Program& program, const TimedPart&) {
    caps.push_back(program.options.execution == Execution::kParallel ? program.options.max_parallel
                                                                     : 1);
    return static_cast<double>(caps.size());
  };
  const WayTimes times = time_ways(schedule_of(toy, groups(3)), toy.layers(), {}, time);
  EXPECT_THAT(caps, ElementsAre(1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0));
  EXPECT_THAT(times.seconds,
              ElementsAre(ElementsAre(4, 7, 10), ElementsAre(5, 8, 11), ElementsAre(6, 9, 12)));
}

TEST(ExecutionChoice, TheFastestIsTakenAndSequentialWinsTies) {
  const std::vector<ExecutionWay> ways = {kSequentialWay, parallel(2), parallel(0)};
  const auto fastest = [&](std::vector<std::vector<double>> seconds) {
    return fastest_way({.ways = ways, .seconds = std::move(seconds)});
  };
  EXPECT_EQ(fastest({{10, 10, 10}, {9, 9, 9}, {8, 8, 8}}), parallel(0));
  EXPECT_EQ(fastest({{10, 10, 10}, {7, 7, 7}, {8, 8, 8}}), parallel(2));
  EXPECT_EQ(fastest({{10, 10, 10}, {11, 11, 11}, {12, 12, 12}}), kSequentialWay);
  EXPECT_EQ(fastest({{10, 10, 10}, {7, 7, 10.1}, {12, 12, 12}}), kSequentialWay)
      << "not each round";
  EXPECT_EQ(fastest({{10, 10, 10}, {9.9, 9.9, 9.9}, {12, 12, 12}}), kSequentialWay) << "noise";
  EXPECT_EQ(fastest({{10, 10, 10}, {7, 7, 10.1}, {9, 9, 9}}), parallel(0));
}

TEST(ExecutionChoice, TimesTheNetworkAsItRuns) {
  at::manual_seed(2);
  const ToyDenoiser toy;
  const Schedule schedule = schedule_of(toy, groups(3));
  const TimedPart part = timed_part(schedule);
  const DenoiseStart start{{{"encoder_hidden_states", at::randn({1, 5, ToyDenoiser::kChannels})}},
                           {{"encoder_hidden_states", at::randn({1, 5, ToyDenoiser::kChannels})}},
                           at::randn({1, ToyDenoiser::kChannels, 6, 6}),
                           {}};
  ExecutorOptions options;
  options.guidance_scale = 3;
  options.noise_injection = {.alpha = 0.1, .tau = 4};
  const Program program =
      compile(part.plan, toy.layers(), {.execution = Execution::kParallel, .max_parallel = 2});
  EXPECT_GT(network_seconds(toy, program, {900, 800, 700}, start, options), 0);
  EXPECT_THAT(toy.batch_sizes.at(ToyDenoiser::kUp0), ElementsAre(4, 2)) << "two halves, two steps";
}

TEST(ExecutionChoice, WaysHaveWords) {
  EXPECT_EQ(way_text(kSequentialWay), "sequential");
  EXPECT_EQ(way_text(parallel(0)), "parallel");
  EXPECT_EQ(way_text(parallel(4)), "parallel, at most 4 steps a batch");
}

}  // namespace
}  // namespace fdbench
