#include "propagation/key_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<int> downward(const std::string& text, int num_steps = 50) {
  return downward_list(parse_key_steps(text, num_steps));
}

std::string message_of(const std::string& text, int num_steps = 50) {
  try {
    parse_key_steps(text, num_steps);
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

TEST(KeySteps, UniformBeginsWithTheFirstStep) {
  EXPECT_EQ(uniform_key_steps(2, 5), (KeySteps{true, false, true, false, true}));
  EXPECT_EQ(num_key_steps(uniform_key_steps(1, 7)), 7);
  EXPECT_THROW(uniform_key_steps(0, 5), Error);
}

TEST(KeySteps, ListCountsDownward) {
  EXPECT_EQ(key_steps_from_list(std::vector{4, 1}, 4), (KeySteps{true, false, false, true}));
}

TEST(KeySteps, ListOutsideTheRunIsAnError) {
  EXPECT_THAT(message_of("50,0"), HasSubstr("key step 0 is outside 1..50"));
  EXPECT_THAT(message_of("51"), HasSubstr("key step 51 is outside 1..50"));
  EXPECT_THAT(message_of("50,-3"), HasSubstr("outside 1..50"));
}

TEST(KeySteps, ListNeedsTheFirstStepOnce) {
  EXPECT_THAT(message_of("49,48"), HasSubstr("no key step 50"));
  EXPECT_THAT(message_of("50,40,40"), HasSubstr("40 is listed twice"));
}

TEST(KeySteps, MaskIsAsLongAsTheRun) {
  EXPECT_EQ(key_steps_from_mask(std::vector{1, 0, 1}, 3), (KeySteps{true, false, true}));
  EXPECT_THROW(key_steps_from_mask(std::vector{1, 0}, 3), Error);
  EXPECT_THROW(key_steps_from_mask(std::vector{0, 1, 1}, 3), Error);
  EXPECT_THROW(key_steps_from_mask(std::vector{1, 2, 1}, 3), Error);
}

// The paper's Table 5.
TEST(KeySteps, PresetsAreThePapers) {
  EXPECT_THAT(downward("non_uniform_IV"), ElementsAre(50, 49, 48, 47, 45, 40, 35, 25, 15));
  EXPECT_THAT(downward("uniform_II"), ElementsAre(50, 44, 38, 32, 26, 20, 14, 8, 2));
  EXPECT_THAT(downward("uniform_III"), ElementsAre(50, 38, 26, 14, 2));
  EXPECT_EQ(downward("uniform_I").size(), 25U);
  EXPECT_EQ(downward("deepfloyd_stage_1", 100).size(), 40U);
}

TEST(KeySteps, PresetsAreRescaled) {
  EXPECT_THAT(downward("non_uniform_IV", 25), ElementsAre(25, 24, 23, 20, 18, 13, 8));
  EXPECT_THAT(downward("non_uniform_IV", 100), ElementsAre(100, 98, 96, 94, 90, 80, 70, 50, 30));
  EXPECT_THAT(downward("uniform_II", 20), ElementsAre(20, 14, 8, 2));
  EXPECT_EQ(downward("uniform_I", 20).size(), 10U);
  for (const std::string& name : preset_names()) {
    for (const int num_steps : {1, 7, 50, 1000}) {
      EXPECT_TRUE(preset_key_steps(name, num_steps)[0]) << name << " " << num_steps;
    }
  }
  EXPECT_EQ(num_key_steps(preset_key_steps("all", 33)), 33);
}

TEST(KeySteps, TextIsAListUniformOrAPreset) {
  EXPECT_THAT(downward("50, 20,7"), ElementsAre(50, 20, 7));
  EXPECT_THAT(downward("uniform:25"), ElementsAre(50, 25));
  EXPECT_THAT(message_of("uniform:x"), HasSubstr("'x' is not a whole number"));
  EXPECT_THAT(message_of("50,4.5"), HasSubstr("'4.5' is not a whole number"));
  EXPECT_THAT(message_of("non_uniform_VI"), HasSubstr("did you mean 'non_uniform_I"));
}

}  // namespace
}  // namespace fdbench
