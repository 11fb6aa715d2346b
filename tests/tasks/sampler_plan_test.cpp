#include "tasks/sampler_plan.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

std::unique_ptr<Sampler> sampler_of(const std::string& name, int num_steps) {
  return make_sampler(name, nlohmann::json::object(), {}, num_steps);
}

StrategyOptions options_of(const KeySteps& key_steps) {
  StrategyOptions options;
  options.name = "encoder";
  options.key_steps = key_steps;
  return options;
}

TEST(SamplerPlan, StepsAreCallsOfMostSamplers) {
  const StrategyOptions options = options_of({true, false, false, true, false});
  EXPECT_EQ(with_first_calls(options, *sampler_of("ddim", 5), 5).key_steps, options.key_steps);
}

TEST(SamplerPlan, CallsBeyondTheStepsComeFirst) {
  const auto pndm = sampler_of("pndm", 5);
  ASSERT_GT(pndm->timesteps().size(), 5U);
  const std::size_t more = pndm->timesteps().size() - 5;
  const KeySteps keys = {true, false, false, true, false};
  StrategyOptions given = options_of(keys);
  given.options = {{"blocks", KeyStepsByPart{{"encoder", keys}}},
                   {"grid", GridLines{{"encoder", "#..#."}}}};
  const StrategyOptions options = with_first_calls(given, *pndm, 5);
  KeySteps expected(more, true);
  expected.insert(expected.end(), {true, false, false, true, false});
  EXPECT_EQ(options.key_steps, expected);
  EXPECT_EQ(options.options.get<KeyStepsByPart>("blocks").at("encoder"), expected);
  EXPECT_EQ(options.options.get<GridLines>("grid").at("encoder"), std::string(more, '#') + "#..#.");
}

TEST(SamplerPlan, HasARowForEachCall) {
  const auto pndm = sampler_of("pndm", 5);
  const std::vector<LayerInfo> layers = {{"a", "down", parts::kEncoder, {kSample}},
                                         {"b", "up", parts::kDecoder, {0, {0, EdgeKind::kSkip}}}};
  const Plan plan = make_plan(options_of({true, false, false, true, false}), *pndm, 5, layers);
  const int num_calls = static_cast<int>(pndm->timesteps().size());
  EXPECT_EQ(plan.num_steps(), num_calls);
  EXPECT_EQ(plan.at(num_calls - 5, 0), Cell::kCompute);
  EXPECT_EQ(plan.at(num_calls - 1, 0), Cell::kReuse);
}

}  // namespace
}  // namespace fdbench
