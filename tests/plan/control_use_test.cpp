#include "plan/control_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/toy_denoiser.h"
#include "plan/first_block_cache.h"
#include "plan/plan_grid.h"
#include "plan/program.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using Toy = ControlToy;

const KeySteps kKeys = {true, false, false, true};

Plan plan_of(const std::string& strategy, const std::string& control) {
  StrategyOptions options{.name = strategy, .key_steps = kKeys};
  if (!control.empty()) options.options.set("control", control);
  return make_plan(options, 4, Toy().layers());
}

/// "1" where the layer runs: control network, encoder, bottleneck, sums, decoder.
std::string row(const Plan& plan, int step) {
  const Toy toy;
  const Schedule schedule(plan, toy.layers());
  std::string text;
  for (int layer = 0; layer < schedule.num_layers(); ++layer) {
    if (layer == Toy::kConvIn || layer == Toy::kAdd0 || layer == Toy::kUp0) text += ' ';
    text += schedule.runs(step, layer) ? '1' : '0';
  }
  return text;
}

TEST(ControlUse, NetworksAreOptionalAndSumsAreNot) {
  const Toy toy;
  const std::vector<bool> optional = optional_layers(toy.layers());
  const std::vector<bool> sums = residual_sums(toy.layers());
  for (int layer = 0; layer < Toy::kNumLayers; ++layer) {
    const auto i = static_cast<std::size_t>(layer);
    EXPECT_EQ(optional[i], layer <= Toy::kControl1) << layer;
    EXPECT_EQ(sums[i], layer == Toy::kAdd0 || layer == Toy::kAddMid) << layer;
  }
  EXPECT_EQ(without_residuals(Toy::kAdd0, toy.layers()), Toy::kDown0);
  EXPECT_EQ(without_residuals(Toy::kUp0, toy.layers()), Toy::kUp0);
}

TEST(ControlUse, TheEncoderStrategyHoldsComputesOrDrops) {
  for (const char* control : {"", "hold", "compute", "drop"}) {
    EXPECT_EQ(row(plan_of("encoder", control), 0), "11 1111 11 111") << control;
    EXPECT_EQ(row(plan_of("encoder", control), 3), "11 1111 11 111") << control;
  }
  EXPECT_EQ(plan_of("encoder", ""), plan_of("encoder", "hold"));
  EXPECT_EQ(row(plan_of("encoder", "hold"), 1), "00 0000 00 111");
  EXPECT_EQ(row(plan_of("encoder", "compute"), 1), "11 0000 11 111");
  EXPECT_EQ(row(plan_of("encoder", "drop"), 1), "00 0000 11 111");
}

// The outermost skip starts at down_blocks.0, before which the network's first layer counts alone.
TEST(ControlUse, DeepCacheRunsTheNetworkAsFarAsItReachesWhatIsComputed) {
  EXPECT_EQ(plan_of("deepcache", ""), plan_of("deepcache", "compute"));
  EXPECT_EQ(row(plan_of("deepcache", "compute"), 1), "10 1100 10 011");
  EXPECT_EQ(row(plan_of("deepcache", "hold"), 1), "00 1100 10 011");
  EXPECT_EQ(row(plan_of("deepcache", "drop"), 1), "00 1100 10 011");
}

TEST(ControlUse, HeldAndDroppedDifferInWhatTheSumReads) {
  const Toy toy;
  const auto sum_reads = [&](const std::string& control) {
    const Program program = compile(plan_of("deepcache", control), toy.layers(), {});
    for (const Op& op : program.calls[1].ops) {
      if (op.layer == Toy::kAdd0) return op.inputs[1].gathering;
    }
    return Gathering::kSample;
  };
  EXPECT_EQ(sum_reads("hold"), Gathering::kOne);
  EXPECT_EQ(sum_reads("drop"), Gathering::kNothing);
}

TEST(ControlUse, OnlyComputingNeedsTheStepsOwnLatent) {
  const Toy toy;
  const auto independent = [&](const std::string& control) {
    return Schedule(plan_of("encoder", control), toy.layers()).independent(1);
  };
  EXPECT_TRUE(independent("hold"));
  EXPECT_TRUE(independent("drop"));
  EXPECT_FALSE(independent("compute"));
}

// In one batch the key step's sum has the residual and the others' have none.
TEST(ControlUse, StepsThatReadOtherInputsAreOtherOps) {
  const Toy toy;
  const Program program =
      compile(plan_of("encoder", "drop"), toy.layers(), {.execution = Execution::kParallel});
  std::vector<std::vector<int>> steps;
  std::vector<Gathering> residuals;
  for (const Op& op : program.calls[0].ops) {
    if (op.layer != Toy::kAddMid) continue;
    steps.push_back(op.steps);
    residuals.push_back(op.inputs[1].gathering);
  }
  EXPECT_THAT(steps, testing::ElementsAre(std::vector<int>{0}, std::vector<int>{1, 2}));
  EXPECT_THAT(residuals, testing::ElementsAre(Gathering::kOne, Gathering::kNothing));
}

TEST(ControlUse, AnOptionForModelsWithoutANetworkIsRefused) {
  StrategyOptions options{.name = "encoder", .key_steps = kKeys};
  options.options.set("control", std::string("compute"));
  try {
    make_plan(options, 4, ToyDenoiser().layers());
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("is for models with a control network"));
  }
}

TEST(ControlUse, APartOfANetworkCannotBeDropped) {
  const Toy toy;
  Plan plan(2, Toy::kNumLayers);
  plan.set(1, Toy::kControl0, Cell::kDrop);
  EXPECT_THROW(Schedule(plan, toy.layers()), Error);
  plan.set(1, Toy::kControl1, Cell::kDrop);
  EXPECT_NO_THROW(Schedule(plan, toy.layers()));
  EXPECT_FALSE(plan.dropped(1));
  plan.set(1, Toy::kMid, Cell::kDrop);
  EXPECT_THROW(Schedule(plan, toy.layers()), Error);
}

TEST(ControlUse, GridsMayLeaveANetworkOut) {
  const Toy toy;
  const GridLines lines = parse_grid(
      "controlnet.conv_in #x\ncontrolnet.mid_block #x\nencoder ##\nbottleneck ##\n"
      "control_add ##\ndecoder ##\n");
  const Plan plan = plan_of_grid(lines, 2, toy.layers());
  EXPECT_EQ(row(plan, 1), "00 1111 11 111");
  EXPECT_THROW(plan_of_grid({{"control_add", "#x"}}, 2, toy.layers()), Error);
}

// The rule looks at the UNet's first block; the network is no part of it.
TEST(ControlUse, FirstBlockCachingLooksAtTheUNet) {
  const Toy toy;
  const Plan plan = first_block_cache_plan({.threshold = 0.1, .cache_branch = 0}, 4, toy.layers());
  EXPECT_EQ(plan.adaptive()->input, Toy::kConvIn);
  EXPECT_EQ(plan.adaptive()->head, Toy::kDown0);
  const Program program = compile(plan, toy.layers(), {});
  std::vector<int> head;
  for (const Op& op : program.choice->head) head.push_back(op.layer);
  EXPECT_THAT(head, testing::ElementsAre(Toy::kConvIn, Toy::kDown0));
  EXPECT_EQ(program.choice->refresh.size() + head.size(), std::size_t{Toy::kNumLayers});
}

}  // namespace
}  // namespace fdbench
