#include "plan/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/error.h"
#include "plan/pattern.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;

/// in -> down -> up (skip in) -> out.
std::vector<LayerInfo> layers() {
  return {{"in", "in", parts::kEncoder, {kSample}},
          {"down", "down", parts::kEncoder, {0}, {"encoder_hidden_states"}},
          {"up", "up", parts::kDecoder, {1, {0, EdgeKind::kSkip}}},
          {"out", "out", parts::kDecoder, {2}}};
}

Program encoder_program(const KeySteps& keys, const ProgramOptions& options) {
  return compile(make_plan({"encoder", keys, {}}, static_cast<int>(keys.size()), layers()),
                 layers(), options);
}

std::size_t num_different(const std::vector<std::uint64_t>& patterns) {
  return std::set<std::uint64_t>(patterns.begin(), patterns.end()).size();
}

std::vector<std::uint64_t> patterns(const Program& program) {
  std::vector<std::uint64_t> found;
  for (const Call& call : program.calls) found.push_back(call.pattern);
  return found;
}

TEST(Program, StepsOfTheSameWorkHaveTheSamePattern) {
  const Program program = encoder_program({true, false, false, true, false, false}, {});
  const std::vector<std::uint64_t> found = patterns(program);
  ASSERT_EQ(found.size(), 6U);
  EXPECT_EQ(found[0], found[3]) << "key steps that are followed by others";
  EXPECT_EQ(found[1], found[4]);
  EXPECT_NE(found[0], found[1]);
  EXPECT_NE(found[1], found[2]) << "the last step that takes a skip keeps nothing";
  EXPECT_EQ(num_different(found), 3U);
}

// Without their lengths both would read "0 1 0 3 1 0 0 0 1 0".
TEST(Pattern, ListsOfOtherLengthsDiffer) {
  Op one_step{.inputs = {{.layer = 3, .gathering = Gathering::kOne, .pieces = {{}}}}};
  Op two_steps{.inputs = {{.layer = 1, .reused_later = true}}};
  const std::vector<Op> first = {one_step}, second = {two_steps};
  EXPECT_NE(pattern_of(first, {{0}}), pattern_of(second, {{0, 3}}));
}

TEST(Program, AFullRunIsOnePattern) {
  const Program program = compile(Plan(5, 4), layers(), {});
  EXPECT_EQ(num_different(patterns(program)), 1U);
  EXPECT_EQ(program.num_calls(), 5);
  EXPECT_EQ(program.num_layer_runs(), 20);
}

TEST(Program, ParallelGroupsAKeyStepWithThoseThatFollow) {
  const ProgramOptions parallel{.execution = Execution::kParallel};
  const Program program = encoder_program({true, false, false, true, false, false}, parallel);
  ASSERT_EQ(program.calls.size(), 2U);
  EXPECT_THAT(program.calls[0].steps, ElementsAre(0, 1, 2));
  EXPECT_TRUE(program.calls[0].reads_sample);
  const std::vector<Op>& ops = program.calls[0].ops;
  EXPECT_THAT(ops[0].steps, ElementsAre(0));
  EXPECT_THAT(ops[2].steps, ElementsAre(0, 1, 2));
  EXPECT_EQ(ops[2].inputs[0].gathering, Gathering::kOne) << "one output for all three";
  EXPECT_TRUE(ops[2].inputs[0].repeated);
  EXPECT_FALSE(ops[2].inputs[1].repeated) << "a skip stands for its repetition";
  EXPECT_EQ(patterns(program)[0], patterns(program)[1]);
}

TEST(Program, ASkipIsKeptForAsLongAsItIsReused) {
  const Program program = encoder_program({true, false, false, true}, {});
  const auto skip_of = [&](std::size_t call) {
    for (const Op& op : program.calls[call].ops) {
      if (op.layer == 2) return op.inputs[1];
    }
    return Operand();
  };
  EXPECT_FALSE(skip_of(0).unchanged);
  EXPECT_TRUE(skip_of(0).reused_later);
  EXPECT_TRUE(skip_of(1).unchanged && skip_of(1).reused_later);
  EXPECT_TRUE(skip_of(2).unchanged);
  EXPECT_FALSE(skip_of(2).reused_later);
  EXPECT_FALSE(skip_of(3).unchanged || skip_of(3).reused_later);
  const Program plain =
      encoder_program({true, false, false, true}, {.savings = {false, true, true}});
  for (const Call& call : plain.calls) {
    for (const Op& op : call.ops) {
      for (const Operand& input : op.inputs) EXPECT_FALSE(input.unchanged || input.reused_later);
    }
  }
}

TEST(Program, SaysWhatRuns) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 20; ++trial) {
    Plan plan(6, 4);
    for (int step = 1; step < 6; ++step) {
      for (int layer = 0; layer < 4; ++layer) {
        plan.set(step, layer, random() % 2 == 0 ? Cell::kReuse : Cell::kCompute);
      }
    }
    const Schedule schedule(plan, layers());
    for (const Execution execution : {Execution::kSequential, Execution::kParallel}) {
      const Program program = compile(plan, layers(), {.execution = execution});
      const std::vector<bool> runs = program.runs();
      ASSERT_EQ(runs.size(), 24U);
      for (std::size_t cell = 0; cell < runs.size(); ++cell) {
        const int step = static_cast<int>(cell / 4), layer = static_cast<int>(cell % 4);
        EXPECT_EQ(runs[cell], schedule.runs(step, layer)) << step << " " << layer;
      }
      EXPECT_EQ(program.num_layer_runs(), schedule.num_layer_runs());
      EXPECT_EQ(program.num_step_calls(), schedule.num_calls());
    }
  }
}

// Slots are few, since each is free again once its last reader has it.
TEST(Program, SlotsAreUsedAgain) {
  EXPECT_LE(compile(Plan(50, 4), layers(), {}).num_slots, 4);
  EXPECT_LE(encoder_program(KeySteps(50, true), {}).num_slots, 4);
}

TEST(Program, StepsThatAreLeftOutHaveNoPrediction) {
  const Program program =
      compile(make_plan({"drop", {true, false, true}, {}}, 3, layers()), layers(), {});
  EXPECT_THAT(program.dropped, ElementsAre(false, true, false));
  EXPECT_TRUE(program.calls[1].steps.empty());
  EXPECT_TRUE(program.predictions[1].pieces.empty());
  EXPECT_EQ(program.num_calls(), 2);
}

TEST(ExecutionName, IsReadBack) {
  for (const std::string& name : execution_names()) {
    EXPECT_EQ(execution_name(parse_execution(name)), name);
  }
  EXPECT_EQ(parse_execution("parallel"), Execution::kParallel);
  EXPECT_EQ(parse_execution("auto"), Execution::kAuto);
  EXPECT_THROW(parse_execution("serial"), Error);
}

// Until a measurement has decided.
TEST(Program, AutoRunsStepByStep) {
  const KeySteps keys = {true, false, false};
  EXPECT_EQ(encoder_program(keys, {.execution = Execution::kAuto}).calls.size(), 3U);
}

TEST(Program, ARuleMustSeeWhatItLooksAt) {
  Plan plan(3, 4);
  plan.set_adaptive({0.1, 0, 0, 1, {Cell::kCompute, Cell::kReuse, Cell::kCompute, Cell::kCompute}});
  EXPECT_THROW(compile(plan, layers(), {}), Error);
  plan.set_adaptive({0.1, 0, 0, 0, {Cell::kCompute, Cell::kReuse, Cell::kCompute, Cell::kCompute}});
  const Program program = compile(plan, layers(), {});
  ASSERT_TRUE(program.choice.has_value());
  EXPECT_NE(program.choice->refresh_pattern, program.choice->cached_pattern);
  EXPECT_EQ(program.choice->head.size(), 1U);
  EXPECT_EQ(program.choice->refresh.size(), 3U);
  EXPECT_EQ(program.choice->cached.size(), 2U);
}

}  // namespace
}  // namespace fdbench
