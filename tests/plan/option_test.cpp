#include "plan/option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "execution/toy_denoiser.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

const std::vector<Option> kOptions = {
    {.name = "distance", .help = "x", .initial = 2, .low = 1},
    {.name = "share", .type = OptionType::kReal, .help = "x", .high = 1, .label = "s"},
    {.name = "mode", .type = OptionType::kChoice, .help = "x", .initial = "a", .words = {"a", "b"}},
    {.name = "depth",
     .help = "x",
     .not_with = {"share"},
     .only_with = Option::Condition{"mode", "b"}},
    {.name = "made", .help = "x", .makes_key_steps = true}};

std::string clash_text(const OptionSet& given, bool has_key_steps = false) {
  const auto clash = first_clash(kOptions, given, has_key_steps);
  if (!clash) return "";
  const char* kinds[] = {" not with ", " not where ", " wanted where "};
  return clash->option->name + kinds[static_cast<int>(clash->kind)] + clash->other +
         (clash->word.empty() ? "" : " " + clash->word);
}

template <typename Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.exit_code(), 2);
    return error.what();
  }
  return "";
}

TEST(Options, HaveInitialValuesWhereNoneAreGiven) {
  const OptionSet values = with_initial_values({{"share", 0.5}, {"mode", "b"}}, kOptions);
  EXPECT_EQ(values.get<int>("distance"), 2);
  EXPECT_EQ(values.get<double>("share"), 0.5);
  EXPECT_EQ(values.get<std::string>("mode"), "b");
  EXPECT_FALSE(values.find<int>("depth"));
}

TEST(Options, AreOfTheTableAndOfTheirType) {
  EXPECT_THAT(message_of([] {
                with_initial_values({{"distnce", 1}}, kOptions);
              }),
              HasSubstr("did you mean 'distance'?"));
  EXPECT_THAT(message_of([] {
                with_initial_values({{"distance", 1.5}}, kOptions);
              }),
              HasSubstr("another type"));
  EXPECT_THAT(message_of([] {
                make_plan({"full", {}, {{"threshold", 0.1}}}, 3, {});
              }),
              HasSubstr("no option 'threshold'"));
}

TEST(Options, SayWhatDoesNotGoTogether) {
  EXPECT_EQ(clash_text({{"distance", 3}, {"share", 0.5}}), "");
  EXPECT_EQ(clash_text({{"depth", 3}}), "depth not where mode a");
  EXPECT_EQ(clash_text({{"mode", "b"}}), "depth wanted where mode b");
  EXPECT_EQ(clash_text({{"mode", "b"}, {"depth", 1}}), "");
  EXPECT_EQ(clash_text({{"mode", "b"}, {"depth", 1}, {"share", 0.5}}), "depth not with share");
  EXPECT_EQ(clash_text({{"made", 1}}), "");
  EXPECT_EQ(clash_text({{"made", 1}}, true), "made not with key_steps");
}

TEST(Options, AreNamedWhereTheyDiffer) {
  EXPECT_EQ(options_label({}, kOptions), "");
  EXPECT_EQ(options_label({{"distance", 2}}, kOptions), "");
  EXPECT_EQ(options_label({{"distance", 3}, {"share", 0.25}}, kOptions), "distance_3/s_0.25");
}

TEST(Options, SayTheirRange) {
  EXPECT_EQ(range_text(kOptions[0]), "whole number, at least 1");
  EXPECT_EQ(range_text(kOptions[1]), "number, 0 to 1");
  EXPECT_EQ(range_text(kOptions[2]), "a or b");
}

/// Whether the value is one that a user could give.
bool is_allowed(const Option& option, const OptionValue& value) {
  if (value.index() != static_cast<std::size_t>(option.type)) return false;
  if (const int* whole = std::get_if<int>(&value)) {
    return *whole >= option.low && *whole <= option.high;
  }
  if (const double* real = std::get_if<double>(&value)) {
    return *real >= option.low && *real <= option.high;
  }
  const auto* word = std::get_if<std::string>(&value);
  return word == nullptr ||
         std::find(option.words.begin(), option.words.end(), *word) != option.words.end();
}

bool has_option(const Strategy& strategy, const std::string& name) {
  return std::any_of(strategy.options.begin(), strategy.options.end(),
                     [&](const Option& option) { return option.name == name; });
}

TEST(StrategyTable, IsWholeAndWithoutContradictions) {
  std::set<std::string> names;
  int plain = 0;
  for (const Strategy& strategy : strategies()) {
    EXPECT_TRUE(names.insert(strategy.name).second) << strategy.name;
    EXPECT_FALSE(strategy.help.empty()) << strategy.name;
    EXPECT_NE(strategy.make, nullptr) << strategy.name;
    plain += strategy.is_plain ? 1 : 0;
    const bool is_unkeyed = strategy.key_steps == KeyStepUse::kNone;
    EXPECT_EQ(is_unkeyed, !strategy.without_key_steps.empty()) << strategy.name;
    for (const std::string& needed : strategy.needs_one_of) {
      EXPECT_TRUE(needed == "key_steps" || has_option(strategy, needed)) << needed;
    }
  }
  EXPECT_EQ(plain, 1);
  EXPECT_TRUE(is_plain_strategy(kPlainStrategy));
  EXPECT_FALSE(is_plain_strategy("of_a_newer_program"));
}

TEST(StrategyTable, OptionsAreWhole) {
  for (const Strategy& strategy : strategies()) {
    std::set<std::string> own;
    for (const Option& option : strategy.options) {
      const std::string name = strategy.name + "." + option.name;
      EXPECT_TRUE(own.insert(option.name).second) << name;
      EXPECT_FALSE(option.help.empty()) << name;
      EXPECT_FALSE(option.makes_key_steps && strategy.make_key_steps == nullptr) << name;
      EXPECT_TRUE(!option.initial || is_allowed(option, *option.initial)) << name;
      EXPECT_EQ(option.type == OptionType::kChoice, !option.words.empty()) << name;
      for (const std::string& other : option.not_with) EXPECT_TRUE(has_option(strategy, other));
      if (option.only_with) {
        EXPECT_TRUE(has_option(strategy, option.only_with->option)) << name;
      }
    }
  }
}

TEST(StrategyTable, AnOptionOfTwoStrategiesHasOneFlag) {
  EXPECT_THAT(owners_of_option("cache_branch"),
              testing::ElementsAre("deepcache", "first_block_cache"));
  std::map<std::string, std::string> flags;
  for (const Strategy& strategy : strategies()) {
    for (const Option& option : strategy.options) {
      const auto [known, is_new] = flags.emplace(option.name, option.flag_name());
      EXPECT_EQ(known->second, option.flag_name()) << option.name;
    }
  }
}

TEST(StrategyTable, MakesKeyStepsOfOptions) {
  StrategyOptions deepcache{"deepcache", {}, {{"cache_interval", 2}}};
  make_key_steps(deepcache, 5);
  EXPECT_EQ(deepcache.key_steps, uniform_key_steps(2, 5));
  StrategyOptions given{"deepcache", uniform_key_steps(3, 5), {{"cache_interval", 2}}};
  make_key_steps(given, 5);
  EXPECT_EQ(given.key_steps, uniform_key_steps(3, 5));
  StrategyOptions beyond{
      "deepcache",
      {},
      {{"cache_interval", 2}, {"skip_mode", "non_uniform"}, {"center", 9}, {"pow", 2.0}}};
  try {
    make_key_steps(beyond, 5);
    ADD_FAILURE() << "a center beyond the steps";
  } catch (const Error& error) {
    EXPECT_EQ(error.key(), "center");
  }
}

TEST(StrategyTable, LabelsJoinKeyStepsAndOptions) {
  EXPECT_EQ(strategy_label({"encoder", {}, {}}, "9_keys"), "9_keys");
  EXPECT_EQ(strategy_label({"deepcache", {}, {{"cache_interval", 3}, {"cache_branch", 2}}}, ""),
            "interval_3/branch_2");
  EXPECT_EQ(strategy_label({"first_block_cache", {}, {}}, ""), "threshold_0.05");
  EXPECT_EQ(strategy_label({kPlainStrategy, {}, {}}, ""), "");
}

}  // namespace
}  // namespace fdbench
