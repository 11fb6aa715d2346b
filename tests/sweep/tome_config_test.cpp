// Token merging in config files, names, settings and plans.
#include "config/tome_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "results/settings.h"
#include "sweep/plan_text.h"
#include "sweep/run_records.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Runs of a config; `defaults` are its lines before the runs, each with its end.
Experiment load(const std::string& runs, const std::string& defaults = "") {
  const TemporaryFolder folder;
  return load_experiment(folder.write("c.yaml", "name: test\nmodel: somewhere\nprompts: [a, b]\n" +
                                                    defaults + "runs: " + runs + "\n"),
                         {});
}

TokenMerging tome_of(const std::string& value, const std::string& defaults = "") {
  return load("[{strategy: full, tome: " + value + "}]", defaults).runs[0].tome;
}

std::string fault(const std::string& value) {
  return message_of([&] { tome_of(value); });
}

TEST(TomeConfig, IsOffUnlessGiven) {
  EXPECT_EQ(load("[{strategy: full}]").runs[0].tome, TokenMerging{});
  EXPECT_FALSE(tome_of("0").on());
  EXPECT_EQ(tome_options_text(tome_of("{ratio: 0, sx: 3}")), "");
}

TEST(TomeConfig, TakesARatioOrOptions) {
  TokenMerging expected;
  expected.ratio = 0.25;
  EXPECT_EQ(tome_of("0.25"), expected);
  expected.ratio = 0.5;
  expected.use_rand = false;
  EXPECT_EQ(tome_of("{use_rand: false}"), expected) << "tomesd's default ratio";
  const TokenMerging all = tome_of(
      "{ratio: 0.3, sx: 3, sy: 4, max_downsample: 8, use_rand: false, merge_attn: false, "
      "merge_crossattn: true, merge_mlp: true}");
  EXPECT_EQ(all.ratio, 0.3);
  EXPECT_EQ(tome_options_text(all),
            R"({"sx":3,"sy":4,"max_downsample":8,"use_rand":false,"merge_attn":false,)"
            R"("merge_crossattn":true,"merge_mlp":true})");
}

TEST(TomeConfig, ARunChangesTheDefault) {
  const std::string defaults = "tome: {ratio: 0.4, use_rand: false}\n";
  TokenMerging expected;
  expected.ratio = 0.4;
  expected.use_rand = false;
  EXPECT_EQ(load("[{strategy: full}]", defaults).runs[0].tome, expected);
  expected.sx = 4;
  EXPECT_EQ(tome_of("{sx: 4}", defaults), expected);
  expected.sx = 2;
  expected.ratio = 0.6;
  EXPECT_EQ(tome_of("0.6", defaults), expected);
  EXPECT_FALSE(tome_of("0", defaults).on());
}

TEST(TomeConfig, WrongValuesNameTheirPlace) {
  EXPECT_THAT(fault("1.5"), HasSubstr("c.yaml:4:31: 'runs.0.tome' is 1.5; it must be at least 0 "
                                      "and below 1"));
  EXPECT_THAT(fault("-0.1"), HasSubstr("at least 0 and below 1"));
  EXPECT_THAT(fault("{ratio: 1}"), HasSubstr("'runs.0.tome.ratio' is 1; it must"));
  EXPECT_THAT(fault("half"), HasSubstr("'runs.0.tome' must be a number, not 'half'"));
  EXPECT_THAT(fault("[0.5]"), HasSubstr("a number, not a list"));
  EXPECT_THAT(fault("{sx: 0}"), HasSubstr("'runs.0.tome.sx' is 0; it must be at least 1"));
  EXPECT_THAT(fault("{sy: 2.5}"), HasSubstr("whole number"));
  EXPECT_THAT(fault("{sx: 65}"), HasSubstr("c.yaml:4:31: token merging: sx is 65"));
  EXPECT_THAT(fault("{sx: 1, sy: 1}"), HasSubstr("every token is a destination"));
  EXPECT_THAT(fault("{max_downsample: 3}"), HasSubstr("must be 1, 2, 4 or 8"));
  EXPECT_THAT(fault("{merge_attn: false}"), HasSubstr("nothing is merged"));
  EXPECT_THAT(fault("{use_rand: 1}"), HasSubstr("true or false"));
  EXPECT_THAT(fault("{ration: 0.5}"), HasSubstr("did you mean 'ratio'?"));
}

TEST(TomeConfig, NamesRunsAndIsNeverTheBaseline) {
  const Experiment experiment = load(
      "[{strategy: full, tome: 0.5}, {strategy: full}, {strategy: full, tome: 0.25}, "
      "{strategy: encoder, key_steps: {uniform: 5}, tome: {ratio: 0.5, sx: 3}}]");
  std::vector<std::string> names;
  for (const RunSpec& run : experiment.runs) names.push_back(run.name);
  EXPECT_THAT(names,
              ElementsAre("full/tome_0.5", "full", "full/tome_0.25", "encoder/uniform_5/tome_0.5"));
  EXPECT_EQ(experiment.baseline(), 1);
  EXPECT_EQ(load("[{strategy: full}]", "tome: 0.5\n").baseline(), -1);
}

TEST(TomeConfig, ItsOptionsAreRecorded) {
  RunSpec merged = tiny_run("full", 2);
  merged.tome = tome_of("{ratio: 0.3, sx: 3}");
  const PreparedSweep sweep = tiny_sweep({merged, tiny_run("full", 2)});
  const RunRecord record = planned_record(sweep.runs[0]), plain = planned_record(sweep.runs[1]);
  EXPECT_EQ(record.tome_ratio, 0.3);
  EXPECT_EQ(record.tome_options, tome_options_text(merged.tome));
  EXPECT_EQ(plain.tome_ratio, 0);
  EXPECT_EQ(plain.tome_options, "");
}

TEST(TomeConfig, ThePlanShowsIt) {
  RunSpec merged = tiny_run("encoder", 2);
  merged.tome = tome_of("{ratio: 0.3, sx: 3}");
  merged.strategy.key_steps = {true, true};
  const PreparedSweep sweep = tiny_sweep({merged, tiny_run("encoder", 2)});
  const std::string text = plan_grid(sweep, sweep.runs[0]);
  EXPECT_THAT(text, HasSubstr("\n# tokens merged: ratio 0.3 {\"sx\":3,"));
  EXPECT_THAT(text, HasSubstr("note: every layer runs at every step; only the merged tokens"));
  EXPECT_THAT(text, Not(HasSubstr("all the work")));
  EXPECT_THAT(plan_grid(sweep, sweep.runs[1]), Not(HasSubstr("merged")));
  const nlohmann::ordered_json json = plan_json(sweep, sweep.runs[0]);
  EXPECT_EQ(json["tome_ratio"], 0.3);
  EXPECT_EQ(json["tome_options"], tome_options_text(merged.tome));
}

}  // namespace
}  // namespace fdbench
