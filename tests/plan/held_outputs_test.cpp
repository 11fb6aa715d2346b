#include "plan/held_outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

/// in -> down -> up (skip in) -> out.
std::vector<LayerInfo> layers() {
  return {{"in", "in", parts::kEncoder, {kSample}},
          {"down", "down", parts::kEncoder, {0}, {"encoder_hidden_states"}},
          {"up", "up", parts::kDecoder, {1, {0, EdgeKind::kSkip}}},
          {"out", "out", parts::kDecoder, {2}}};
}

enum Layer { kIn, kDown, kUp, kOut };

Program encoder_program(const KeySteps& keys, const ProgramOptions& options = {}) {
  return compile(make_plan({"encoder", keys, {}}, static_cast<int>(keys.size()), layers()),
                 layers(), options);
}

HeldOutputs of(int layer, std::size_t num_steps = 1) { return {layer, num_steps}; }

TEST(HeldOutputs, AFullRunHoldsItsPrediction) {
  const auto held = held_outputs(compile(Plan(3, 4), layers(), {}));
  EXPECT_THAT(held, testing::Each(ElementsAre(of(kOut))));
  EXPECT_EQ(held.size(), 3U);
}

TEST(HeldOutputs, LastAsLongAsStepsReadThem) {
  const auto held = held_outputs(encoder_program({true, false, true, false}));
  ASSERT_EQ(held.size(), 4U);
  EXPECT_THAT(held[0], UnorderedElementsAre(of(kIn), of(kDown), of(kOut)));
  EXPECT_THAT(held[1], ElementsAre(of(kOut))) << "the next key step makes its own";
  EXPECT_THAT(held[2], UnorderedElementsAre(of(kIn), of(kDown), of(kOut)));
}

TEST(HeldOutputs, ABatchHoldsThePredictionsOfItsSteps) {
  const auto held =
      held_outputs(encoder_program({true, false, false}, {.execution = Execution::kParallel}));
  EXPECT_THAT(held, ElementsAre(ElementsAre(of(kOut, 3))));
}

TEST(HeldOutputs, OfARuleAreWhatItsRowsKeep) {
  Plan plan(2, 4);
  plan.set_adaptive({.cached = {Cell::kCompute, Cell::kReuse, Cell::kCompute, Cell::kCompute}});
  const auto held = held_outputs(compile(plan, layers(), {}));
  EXPECT_THAT(held, testing::Each(UnorderedElementsAre(of(kDown), of(kOut))));
}

TEST(PeakHeldBytes, AreThoseOfTheFullestMoment) {
  std::vector<LayerCost> costs(4);
  costs[kIn].output_size = 100;
  costs[kDown].output_size = 40;
  costs[kUp].output_size = 1000;
  costs[kOut].output_size = 6;
  const auto peak = [&](const Program& program, bool guided) {
    return peak_held_bytes(program, layers(), costs, 2, guided);
  };
  const KeySteps keys = {true, false, false};
  EXPECT_EQ(peak(encoder_program(keys), false), 2 * (100 + 40 + 6));
  EXPECT_EQ(peak(encoder_program(keys), true), 2 * (50 + 40 + 6)) << "one half stands for both";
  EXPECT_EQ(peak(encoder_program(keys, {.savings = {true, false, true}}), true), 2 * 146);
  EXPECT_EQ(peak(encoder_program(keys, {.execution = Execution::kParallel}), false), 2 * 3 * 6);
}

// What both halves have in common is there once at a single step only.
TEST(PeakHeldBytes, SeveralStepsAreWholeBatches) {
  const std::vector<LayerInfo> chain = {
      {"in", "in", parts::kEncoder, {kSample}},
      {"mid", "mid", parts::kBottleneck, {0}},
      {"up", "up", parts::kDecoder, {1}, {"encoder_hidden_states"}}};
  Plan plan(4, 3);
  for (int step = 1; step < 4; ++step) plan.set(step, 0, Cell::kReuse);
  plan.set(3, 1, Cell::kReuse);
  const Program program =
      compile(plan, chain, {.execution = Execution::kParallel, .max_parallel = 3});
  ASSERT_EQ(program.calls.size(), 2U);
  EXPECT_THAT(held_outputs(program)[0], UnorderedElementsAre(of(1, 3), of(2, 3)));
  std::vector<LayerCost> costs(3);
  costs[1].output_size = 40;
  costs[2].output_size = 6;
  EXPECT_EQ(peak_held_bytes(program, chain, costs, 2, true), 2 * 3 * (40 + 6));
}

}  // namespace
}  // namespace fdbench
