#include "plan/key_steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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

/// Sampling orders of a preset at its own number of steps.
std::vector<int> orders(const std::string& name, int num_steps) {
  std::vector<int> result;
  for (const int step : downward(name, num_steps)) result.push_back(num_steps - step);
  return result;
}

// Sampling orders, as the authors' code counts.
TEST(KeySteps, PresetsAreTheAuthors) {
  EXPECT_THAT(orders("non_uniform_IV", 50), ElementsAre(0, 1, 2, 3, 5, 10, 15, 25, 35));
  EXPECT_EQ(downward("sd_ddim"), downward("non_uniform_IV"));
  EXPECT_THAT(orders("authors_non_uniform_I", 50),
              ElementsAre(0, 10, 11, 12, 15, 20, 25, 30, 35, 45));
  EXPECT_THAT(orders("authors_non_uniform_II", 50),
              ElementsAre(0, 20, 25, 30, 35, 45, 46, 47, 48, 49));
  EXPECT_THAT(orders("authors_non_uniform_III", 50),
              ElementsAre(0, 9, 13, 14, 15, 28, 29, 32, 36, 45));
  for (int i = 0; i < 100; ++i) {
    const bool stage_1 = i > 85 || i < 10 || i % 5 == 0;
    EXPECT_EQ(preset_key_steps("deepfloyd_stage_1", 100)[i], stage_1) << i;
  }
  for (int i = 0; i < 50; ++i) {
    const bool stage_2 = i < 20 || i > 40 || i % 2 == 0;
    EXPECT_EQ(preset_key_steps("authors_deepfloyd_stage_2", 50)[i], stage_2) << i;
  }
  for (int i = 0; i < 75; ++i) {
    const auto root = static_cast<int>(std::lround(std::sqrt(9 + 8 * i)));
    EXPECT_EQ(preset_key_steps("deepfloyd_stage_3", 75)[i], root * root == 9 + 8 * i) << i;
    const bool dense = i > 65 || i < 10 || i % 5 == 0;
    EXPECT_EQ(preset_key_steps("authors_deepfloyd_stage_3", 75)[i], dense) << i;
  }
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
  EXPECT_THAT(orders("authors_non_uniform_I", 100),
              ElementsAre(0, 20, 22, 24, 30, 40, 50, 60, 70, 90));
  EXPECT_THAT(orders("authors_deepfloyd_stage_3", 15),
              ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14));
}

TEST(KeySteps, TheAuthorsHaveOthersUnderSomeNames) {
  EXPECT_EQ(authors_preset("non_uniform_II"), "authors_non_uniform_II");
  EXPECT_EQ(authors_preset("deepfloyd_stage_2"), "authors_deepfloyd_stage_2");
  EXPECT_EQ(authors_preset("non_uniform_IV"), "non_uniform_IV") << "both are one";
  EXPECT_EQ(authors_preset("9_keys"), "9_keys");
}

TEST(KeySteps, FractionLimitsTheRunsOfReuse) {
  const auto made = [](double start, double end, int max_run, int num_steps) {
    return downward_list(fraction_key_steps({start, end, max_run}, num_steps));
  };
  EXPECT_THAT(made(0.2, 0.8, 2, 10), ElementsAre(10, 9, 6, 3, 2, 1));
  EXPECT_THAT(made(0, 1, 3, 9), ElementsAre(9, 5, 1)) << "the first step is a key step anyway";
  EXPECT_THAT(made(0.5, 1, 100, 6), ElementsAre(6, 5, 4));
  EXPECT_EQ(made(0.07, 0.29, 100, 100).size(), 100U - 22U) << "0.07 * 100 is 7.000000000000001";
  EXPECT_THAT(made(0.1, 0.9, 4, 1), ElementsAre(1));
  for (const int num_steps : {7, 20, 50, 1000}) {
    int run = 0, longest = 0;
    for (const bool is_key : fraction_key_steps({0.1, 0.9, 4}, num_steps)) {
      run = is_key ? 0 : run + 1;
      longest = std::max(longest, run);
    }
    EXPECT_EQ(longest, 4) << num_steps;
  }
}

TEST(KeySteps, FractionNeedsSensibleNumbers) {
  EXPECT_EQ(message_of("fraction:0.9-0.1:4"), "start 0.9 must be below end 0.1");
  EXPECT_EQ(message_of("fraction:0.5-0.5:4"), "start 0.5 must be below end 0.5");
  EXPECT_EQ(message_of("fraction:0.1-0.9:0"), "max_run must be at least 1, not 0");
  EXPECT_EQ(message_of("fraction:0.1-1.9:2"),
            "start and end are fractions of the run, 0 to 1, not 1.9");
  EXPECT_THAT(message_of("fraction:-0.1-0.9:2"), HasSubstr("0 to 1, not -0.1"));
  EXPECT_THAT(message_of("fraction:nan-0.9:2"),
              HasSubstr("'nan' in the key steps is not a number"));
  EXPECT_THAT(message_of("fraction:a-0.9:2"), HasSubstr("'a' in the key steps is not a number"));
  EXPECT_THAT(message_of("fraction:0.1-0.9:b"), HasSubstr("'b' is not a whole number"));
  for (const char* text : {"fraction:", "fraction:0.1", "fraction:0.1-0.9", "fraction:0.1:4"}) {
    EXPECT_THAT(message_of(text), HasSubstr("such as fraction:0.1-0.9:4")) << text;
  }
}

TEST(KeySteps, TextIsAListUniformAFractionOrAPreset) {
  EXPECT_THAT(downward("50, 20,7"), ElementsAre(50, 20, 7));
  EXPECT_THAT(downward("uniform:25"), ElementsAre(50, 25));
  EXPECT_THAT(message_of("uniform:51"), HasSubstr("at most the 50 steps"));
  EXPECT_THAT(downward("fraction:.2-8e-1:2", 10), ElementsAre(10, 9, 6, 3, 2, 1));
  EXPECT_THAT(downward("fraction:2e-1-8e-1:2", 10), ElementsAre(10, 9, 6, 3, 2, 1));
  EXPECT_EQ(named_key_steps("uniform:5", 50).label, "uniform_5");
  EXPECT_EQ(named_key_steps("fraction:.2-.8:2", 10).label, "fraction_0.2_0.8_2");
  EXPECT_EQ(named_key_steps("50, 20,7", 50).label, "3_keys");
  EXPECT_EQ(named_key_steps("all", 50).label, "all");
  EXPECT_THAT(downward("fraction:0.2-0.8:2", 10), ElementsAre(10, 9, 6, 3, 2, 1));
  EXPECT_THAT(message_of("uniform:x"), HasSubstr("'x' is not a whole number"));
  EXPECT_THAT(message_of("50,4.5"), HasSubstr("'4.5' is not a whole number"));
  EXPECT_THAT(message_of("non_uniform_VI"), HasSubstr("did you mean 'non_uniform_I"));
}

}  // namespace
}  // namespace fdbench
