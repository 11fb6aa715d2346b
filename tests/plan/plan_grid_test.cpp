#include "plan/plan_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "core/error.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

constexpr int kSteps = 7;

std::vector<LayerInfo> layers() {
  return {{"conv_in", "conv_in", parts::kEncoder, {kSample}},
          {"down.0", "down", parts::kEncoder, {0}},
          {"down.1", "down", parts::kEncoder, {1}},
          {"up.0", "up", parts::kDecoder, {2, {1, EdgeKind::kSkip}}},
          {"up.1", "up", parts::kDecoder, {3, {0, EdgeKind::kSkip}}}};
}

/// Rows as a reader prints them.
std::string text_of(const Plan& plan) {
  std::string text = "# a comment\n\n";
  for (const GridRow& row : grid_rows(plan, compile(plan, layers(), {}), layers())) {
    text += row.name + "   " + row.cells + "  3/7\n";
  }
  return text;
}

Plan random_plan(std::mt19937& random) {
  Plan plan(kSteps, static_cast<int>(layers().size()));
  for (int step = 1; step < kSteps; ++step) {
    const bool is_dropped = random() % 5 == 0;
    for (int layer = 0; layer < plan.num_layers(); ++layer) {
      plan.set(step, layer,
               is_dropped          ? Cell::kDrop
               : random() % 2 == 0 ? Cell::kReuse
                                   : Cell::kCompute);
    }
  }
  return plan;
}

TEST(PlanGrid, AnyPlanIsReadBack) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 50; ++trial) {
    const Plan plan = random_plan(random);
    EXPECT_EQ(plan_of_grid(parse_grid(text_of(plan)), kSteps, layers()), plan) << text_of(plan);
  }
}

TEST(PlanGrid, BlocksThatDoTheSameAreOneRow) {
  const Plan plan =
      make_plan({"encoder", {true, false, true, false, true, true, true}, {}}, kSteps, layers());
  std::vector<std::string> rows;
  for (const GridRow& row : grid_rows(plan, compile(plan, layers(), {}), layers())) {
    rows.push_back(row.name + " " + row.cells);
  }
  EXPECT_THAT(rows, testing::ElementsAre("conv_in #.#.###", "down #.#.###", "up #######"));
}

TEST(PlanGrid, TheMostSpecificNameCountsAndWhatNoneNamesComputes) {
  const Plan plan =
      plan_of_grid(parse_grid("encoder 1000000\ndown #..#...\ndown.1 #.##...\n"), kSteps, layers());
  EXPECT_EQ(plan.at(3, 0), Cell::kReuse);
  EXPECT_EQ(plan.at(3, 1), Cell::kCompute);
  EXPECT_EQ(plan.at(2, 1), Cell::kReuse);
  EXPECT_EQ(plan.at(2, 2), Cell::kCompute);
  EXPECT_EQ(plan.at(2, 4), Cell::kCompute);
}

TEST(PlanGrid, PiecesOfALongRunAreJoined) {
  const GridLines lines = parse_grid("down ###\nup  ##\ndown  .#.. 5/14\nup ##### 7/14\n");
  EXPECT_EQ(lines.at("down"), "###.#..");
  EXPECT_EQ(lines.at("up"), "#######");
}

TEST(PlanGrid, JsonIsReadToo) {
  const GridLines lines =
      parse_grid(R"([{"layers": ["a", "b"], "cells": [[2, 2], [1, 2], [0, 0]]}])");
  EXPECT_EQ(lines.at("a"), "#.x");
  EXPECT_EQ(lines.at("b"), "##x");
}

std::string fault(const std::string& text) {
  try {
    plan_of_grid(parse_grid(text), kSteps, layers());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(PlanGrid, WhatIsWrongIsNamed) {
  EXPECT_THAT(fault("down ####\n"), HasSubstr("'down' has 4 steps, the run 7"));
  EXPECT_THAT(fault("dwon #######\n"), HasSubstr("did you mean 'down'?"));
  EXPECT_THAT(fault("\ndown ###o###\n"), HasSubstr("grid, line 2: '###o###'"));
  EXPECT_THAT(fault("down\n"), HasSubstr("'down' has no cells"));
  EXPECT_THAT(fault(""), HasSubstr("has no line"));
  EXPECT_THAT(fault("down ##x####\n"), HasSubstr("step 5 (number 3) is left out (x) in down.1"));
  EXPECT_THAT(fault("[1, 2]"), HasSubstr("holds 2 plans"));
  EXPECT_THAT(fault("{\"layers\": []}"), HasSubstr("'layers' and 'cells'"));
  EXPECT_THAT(fault("{\"layers\": [\"down\"], \"cells\": [[3]]}"), HasSubstr("a cell is 0"));
  EXPECT_THAT(fault("{\"layers\": [\"down\"], \"cells\": [[1, 2]]}"), HasSubstr("wants 1 cells"));
  EXPECT_THAT(fault("{ not json"), HasSubstr("begins as JSON"));
}

TEST(PlanHash, IsOfAllThatAPlanDoes) {
  const Plan plan(3, 2);
  EXPECT_EQ(plan_hash(plan), plan_hash(Plan(3, 2)));
  Plan other = plan;
  other.set(1, 1, Cell::kReuse);
  EXPECT_NE(plan_hash(other), plan_hash(plan));
  other = plan;
  other.set_reuse(Reuse::kLinear);
  EXPECT_NE(plan_hash(other), plan_hash(plan));
  other = plan;
  other.set_adaptive({0.1, 0, 0, 0, {Cell::kCompute, Cell::kReuse}});
  EXPECT_NE(plan_hash(other), plan_hash(plan));
  Plan another = plan;
  another.set_adaptive({0.2, 0, 0, 0, {Cell::kCompute, Cell::kReuse}});
  EXPECT_NE(plan_hash(other), plan_hash(another));
}

}  // namespace
}  // namespace fdbench
