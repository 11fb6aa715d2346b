#include "plan/strategies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "execution/toy_denoiser.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// A row as the plan printer shows it: C compute, r reuse, d drop.
std::string row(const Plan& plan, int step) {
  std::string text;
  for (int layer = 0; layer < plan.num_layers(); ++layer) {
    text += "drC"[static_cast<int>(plan.at(step, layer))];
  }
  return text;
}

Plan plan_of(const StrategyOptions& options) {
  return make_plan(options, 3, ToyDenoiser().layers());
}

std::string message_of(const StrategyOptions& options) {
  try {
    plan_of(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

const KeySteps kKeys = {true, false, true};

TEST(Strategies, FillTheGrid) {
  const std::vector<std::pair<std::string, std::string>> between_key_steps = {
      {"full", "CCCCCCC"},    {"encoder", "rrrrCCC"},
      {"decoder", "CCCCrrr"}, {"encoder_decoder", "rrrrrrr"},
      {"drop", "ddddddd"},    {"deepcache", "CCrrrCC"},
  };
  for (const auto& [name, expected] : between_key_steps) {
    const Plan plan = plan_of({name, kKeys, {}});
    EXPECT_EQ(row(plan, 0), "CCCCCCC") << name;
    EXPECT_EQ(row(plan, 1), expected) << name;
    EXPECT_EQ(row(plan, 2), "CCCCCCC") << name;
  }
}

TEST(Strategies, EveryStepAKeyStepIsTheFullPlan) {
  const Plan full = plan_of({"full", {}, {}});
  for (const char* name : {"encoder", "decoder", "encoder_decoder", "drop", "deepcache"}) {
    EXPECT_EQ(plan_of({name, KeySteps(3, true), {}}), full) << name;
  }
}

TEST(Strategies, CustomTakesTheMostSpecificSelector) {
  const KeySteps never = {true, false, false}, last = {true, false, true}, all(3, true);
  const Plan plan = plan_of({"custom",
                             {},
                             {{"blocks", KeyStepsByPart{{"decoder", never},
                                                        {"up_blocks.0", last},
                                                        {"up_blocks.0.resnets.1", all}}}}});
  EXPECT_EQ(row(plan, 1), "CCCCrCr");
  EXPECT_EQ(row(plan, 2), "CCCCCCr");
}

TEST(Strategies, CustomSelectorsMustMatch) {
  const auto blocks = [](const KeyStepsByPart& parts) { return OptionSet{{"blocks", parts}}; };
  EXPECT_THAT(message_of({"custom", {}, blocks({{"up_block.0", kKeys}})}),
              HasSubstr("did you mean 'up_blocks.0'?"));
  EXPECT_THAT(message_of({"custom", {}, {}}), HasSubstr("needs key steps"));
  EXPECT_THAT(message_of({"custom", {}, blocks({{"decoder", {true}}})}),
              HasSubstr("3 steps, not 1"));
}

TEST(Strategies, DeepCacheTakesItsBranch) {
  const StrategyOptions strategy = {"deepcache", kKeys, {{"cache_branch", 1}}};
  EXPECT_EQ(row(plan_of(strategy), 1), "CCCrCCC");
  const StrategyOptions resolved = resolve_for_model(strategy, ToyDenoiser().layers());
  EXPECT_EQ(resolved.options.get<int>("cache_layer_id"), 1);
  EXPECT_EQ(plan_of(resolved), plan_of(strategy));
}

TEST(Strategies, UnknownNameSuggestsTheNearest) {
  EXPECT_THAT(message_of({"encodr", kKeys, {}}), HasSubstr("did you mean 'encoder'?"));
}

TEST(Strategies, KeyStepsMustFitTheRun) {
  EXPECT_THAT(message_of({"encoder", {}, {}}), HasSubstr("for 3 steps, not 0"));
  EXPECT_THAT(message_of({"encoder", {false, true, true}, {}}), HasSubstr("first step"));
}

}  // namespace
}  // namespace fdbench
