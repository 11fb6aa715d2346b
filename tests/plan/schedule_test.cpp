#include "plan/schedule.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using Toy = ToyDenoiser;

/// "1" where the layer runs.
std::string row(const Schedule& schedule, int step) {
  std::string text;
  for (int layer = 0; layer < schedule.num_layers(); ++layer) {
    text += schedule.runs(step, layer) ? '1' : '0';
  }
  return text;
}

Schedule schedule_of(const std::string& strategy, const KeySteps& key_steps) {
  const Toy toy;
  const auto plan =
      make_plan({strategy, key_steps, {}}, static_cast<int>(key_steps.size()), toy.layers());
  return Schedule(plan, toy.layers());
}

const KeySteps kKeys = {true, false, false, true, false};

TEST(Schedule, FullRunsEverything) {
  const Schedule schedule = schedule_of("full", kKeys);
  EXPECT_EQ(schedule.num_layer_runs(), 5 * Toy::kNumLayers);
  EXPECT_EQ(schedule.num_calls(), 5);
  EXPECT_FALSE(schedule.reuses());
  EXPECT_FALSE(schedule.independent(1));
}

TEST(Schedule, EncoderPropagationRunsTheDecoderAtEveryStep) {
  const Schedule schedule = schedule_of("encoder", kKeys);
  EXPECT_EQ(row(schedule, 0), "1111111");
  EXPECT_EQ(row(schedule, 1), "0000111");
  EXPECT_EQ(row(schedule, 3), "1111111");
  EXPECT_EQ(schedule.num_calls(), 5);
  EXPECT_TRUE(schedule.reuses());
  EXPECT_TRUE(schedule.independent(1));
  EXPECT_FALSE(schedule.independent(3));
}

TEST(Schedule, SourceIsTheNearestEarlierRun) {
  const Schedule schedule = schedule_of("encoder", kKeys);
  EXPECT_EQ(schedule.source(2, Toy::kMid), 0);
  EXPECT_EQ(schedule.source(4, Toy::kMid), 3);
  EXPECT_EQ(schedule.source(2, Toy::kUp1), 2);
}

TEST(Schedule, KnowsWhatIsWantedLater) {
  const Schedule schedule = schedule_of("encoder", kKeys);
  EXPECT_TRUE(schedule.wanted_later(0, Toy::kMid));
  EXPECT_TRUE(schedule.wanted_later(0, Toy::kDown0));
  EXPECT_FALSE(schedule.wanted_later(0, Toy::kConvIn));  // no skip starts there in this model
  EXPECT_FALSE(schedule.wanted_later(0, Toy::kUp1));
  EXPECT_FALSE(schedule.wanted_later(1, Toy::kMid));
}

TEST(Schedule, CountsReads) {
  const Schedule schedule = schedule_of("encoder", kKeys);
  EXPECT_EQ(schedule.num_reads(0, Toy::kDown1), 4);  // by mid once, by up.0 at three steps
  EXPECT_EQ(schedule.num_reads(0, Toy::kConvOut), 1);
  EXPECT_EQ(schedule_of("encoder_decoder", kKeys).num_reads(0, Toy::kConvOut), 3);
}

// What the encoder would compute between key steps nobody reads: the prediction is reused.
TEST(Schedule, DecoderPropagationRunsNothingBetweenKeySteps) {
  for (const char* strategy : {"decoder", "encoder_decoder"}) {
    const Schedule schedule = schedule_of(strategy, kKeys);
    EXPECT_EQ(row(schedule, 1), "0000000") << strategy;
    EXPECT_EQ(schedule.num_calls(), 2) << strategy;
    EXPECT_FALSE(schedule.dropped(1)) << strategy;
    EXPECT_TRUE(schedule.reuses()) << strategy;
  }
}

TEST(Schedule, DroppedStepsRunNothingAndReuseNothing) {
  const Schedule schedule = schedule_of("drop", kKeys);
  EXPECT_EQ(row(schedule, 1), "0000000");
  EXPECT_TRUE(schedule.dropped(1));
  EXPECT_FALSE(schedule.dropped(3));
  EXPECT_FALSE(schedule.reuses());
  EXPECT_EQ(schedule.num_layer_runs(), 2 * Toy::kNumLayers);
}

TEST(Schedule, ALayerThatNobodyNeedsIsNotRun) {
  const Toy toy;
  Plan plan(2, Toy::kNumLayers);
  plan.set(1, Toy::kUp0, Cell::kReuse);
  const Schedule schedule(plan, toy.layers());
  EXPECT_EQ(row(schedule, 1), "1100011");  // down.1 and mid feed up.0 only
  EXPECT_EQ(schedule.source(1, Toy::kMid), 0);
}

TEST(Schedule, ReuseWithoutAnEarlierRunIsAnError) {
  const Toy toy;
  Plan plan(2, Toy::kNumLayers);
  plan.set(0, Toy::kMid, Cell::kReuse);
  EXPECT_THROW(Schedule(plan, toy.layers()), Error);
}

TEST(Schedule, DroppingPartOfAStepIsAnError) {
  const Toy toy;
  Plan plan(2, Toy::kNumLayers);
  plan.set(1, Toy::kMid, Cell::kDrop);
  EXPECT_THROW(Schedule(plan, toy.layers()), Error);
}

TEST(Schedule, PlanOfAnotherModelIsAnError) {
  const Toy toy;
  EXPECT_THROW(Schedule(Plan(2, Toy::kNumLayers - 1), toy.layers()), Error);
}

}  // namespace
}  // namespace fdbench
