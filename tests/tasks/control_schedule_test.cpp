#include "tasks/control_schedule.h"

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "execution/toy_denoiser.h"
#include "plan/first_block_cache.h"
#include "plan/schedule.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using Toy = ControlToy;

ControlSource source(double start, double end) {
  return {.model = {}, .control_guidance_start = start, .control_guidance_end = end};
}

/// "#" where the network computes, "x" where it is left out, "." where it is held.
std::string network(const Plan& plan) {
  std::string text;
  for (int step = 0; step < plan.num_steps(); ++step) {
    const Cell cell = plan.at(step, Toy::kControl1);
    EXPECT_EQ(cell, plan.at(step, Toy::kControl0));
    text += cell == Cell::kCompute ? '#' : cell == Cell::kDrop ? 'x' : '.';
  }
  return text;
}

std::string limited(const StrategyOptions& options, const ControlSource& control) {
  const Toy toy;
  Plan plan = make_plan(options, 10, toy.layers());
  limit_controls(plan, toy.layers(), {control});
  Schedule(plan, toy.layers());
  return network(plan);
}

// diffusers: 0 where i / 10 < start or (i + 1) / 10 > end.
TEST(ControlSchedule, AsDiffusersKeepsThem) {
  EXPECT_EQ(limited({}, source(0, 1)), "##########");
  EXPECT_EQ(limited({}, source(0.2, 0.7)), "xx#####xxx");
  EXPECT_EQ(limited({}, source(0.25, 0.75)), "xxx####xxx");
  EXPECT_EQ(limited({}, source(0, 0.05)), "xxxxxxxxxx");
}

TEST(ControlSchedule, WhatWasNeverMadeIsNotHeld) {
  const KeySteps keys = {true, false, false, false, false, true, false, false, true, false};
  StrategyOptions options{.name = "deepcache", .key_steps = keys};
  options.options.set("control", std::string("hold"));
  EXPECT_EQ(limited(options, source(0, 1)), "#....#..#.");
  EXPECT_EQ(limited(options, source(0.3, 0.9)), "xxxxx#..#x");
}

TEST(ControlSchedule, RulesThatDecideDuringTheRunRefuse) {
  const Toy toy;
  Plan plan = first_block_cache_plan({.threshold = 0.1, .cache_branch = 0}, 4, toy.layers());
  EXPECT_NO_THROW(limit_controls(plan, toy.layers(), {source(0, 1)}));
  EXPECT_THROW(limit_controls(plan, toy.layers(), {source(0.5, 1)}), Error);
}

}  // namespace
}  // namespace fdbench
