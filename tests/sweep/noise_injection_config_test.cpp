#include "config/noise_injection_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"
#include "sweep/plan_text.h"
#include "sweep/run_records.h"
#include "work/sweep_settings.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kHead = "name: test\nmodel: somewhere\nprompts: [a, b]\nsteps: 20\n";

Experiment load(const std::string& text) {
  const TemporaryFolder folder;
  return load_experiment(folder.write("c.yaml", kHead + text), {});
}

NoiseInjection injection_of(const std::string& value) {
  return load("runs: [{strategy: encoder, key_steps: all, noise_injection: " + value + "}]\n")
      .runs[0]
      .noise_injection;
}

std::string fault(const std::string& value) {
  return message_of([&] { injection_of(value); });
}

TEST(NoiseInjectionConfig, IsReadInAllForms) {
  EXPECT_EQ(describe(injection_of("true")), "0.003 before_step at steps below 10");
  EXPECT_EQ(describe(injection_of("false")), "off");
  EXPECT_EQ(describe(injection_of("{alpha: 0}")), "off");
  EXPECT_EQ(describe(injection_of("{tau: 7}")), "0.003 before_step at steps below 7");
  EXPECT_EQ(describe(injection_of("{alpha: 0.01, tau: 21, placement: before_unet}")),
            "0.01 before_unet at steps below 21");
}

TEST(NoiseInjectionConfig, TheFilesIsForAllRunsButFull) {
  const Experiment experiment = load(
      "noise_injection: {alpha: 0.01}\n"
      "runs:\n"
      "  - {strategy: full}\n"
      "  - {strategy: encoder, key_steps: all}\n"
      "  - {strategy: encoder, key_steps: all, steps: 9, noise_injection: true}\n"
      "  - {strategy: decoder, key_steps: all, noise_injection: false}\n"
      "  - {strategy: drop, key_steps: all, steps: 8}\n"
      "  - {strategy: full, steps: 9, noise_injection: true}\n");
  std::vector<std::string> found;
  for (const RunSpec& run : experiment.runs) {
    found.push_back(run.name + ": " + describe(run.noise_injection));
  }
  EXPECT_THAT(found, testing::ElementsAre(
                         "full: off", "encoder/all: 0.01 before_step at steps below 10",
                         "encoder/all/9_steps/noise_injection: 0.003 before_step at steps below 4",
                         "decoder/all: off", "drop/all/8_steps: 0.01 before_step at steps below 4",
                         "full/9_steps/noise_injection: 0.003 before_step at steps below 4"));
}

TEST(NoiseInjectionConfig, TheAuthorsVariantGoesByTheExecution) {
  const Experiment experiment = load(
      "noise_injection: true\n"
      "variant: authors\n"
      "runs:\n"
      "  - {strategy: full}\n"
      "  - {strategy: encoder, key_steps: non_uniform_I, execution: [sequential, parallel]}\n"
      "  - {strategy: encoder, key_steps: non_uniform_I, variant: paper}\n"
      "  - {strategy: encoder, key_steps: non_uniform_IV, noise_injection: {tau: 7}}\n");
  std::vector<std::string> found;
  for (const RunSpec& run : experiment.runs) {
    found.push_back(run.name + ": " + describe(run.noise_injection) + ", " +
                    std::to_string(num_key_steps(run.strategy.key_steps)) + " keys, " +
                    variant_name(run.variant));
  }
  EXPECT_THAT(found, testing::ElementsAre(
                         "full: off, 0 keys, authors",
                         "encoder/authors_non_uniform_I/sequential: 0.003 before_unet at steps "
                         "below 11, 8 keys, authors",
                         "encoder/authors_non_uniform_I/parallel: 0.003 before_step at steps "
                         "below 11, 8 keys, authors",
                         "encoder/non_uniform_I/paper: 0.003 before_step at steps below 10, 7 "
                         "keys, paper",
                         "encoder/non_uniform_IV/noise_injection: 0.003 before_unet at steps "
                         "below 7, 7 keys, authors"));
  EXPECT_THAT(message_of([] { load("variant: author\nruns: [{strategy: full}]\n"); }),
              HasSubstr("did you mean 'authors'?"));
}

TEST(NoiseInjectionConfig, ABaselineHasNone) {
  const std::string with = "{strategy: full, noise_injection: true}";
  EXPECT_EQ(load("runs: [" + with + "]\n").baseline(), -1);
  EXPECT_EQ(load("runs: [" + with + ", {strategy: full}]\n").baseline(), 1);
}

TEST(NoiseInjectionConfig, WrongValuesAreNamedWithTheirPlace) {
  EXPECT_THAT(fault("{alpha: -1}"), HasSubstr(":5:69: 'runs.0.noise_injection.alpha' is -1"));
  EXPECT_THAT(fault("{tau: 22}"), HasSubstr(":5:61: noise injection: tau 22 is outside 1..21"));
  EXPECT_THAT(fault("{tau: 0}"), HasSubstr("at least 1"));
  EXPECT_THAT(fault("{placement: before_unte}"), HasSubstr("did you mean 'before_unet'?"));
  EXPECT_THAT(fault("{alfa: 1}"), HasSubstr("did you mean 'alpha'?"));
  EXPECT_EQ(fault("0.003"), "");  // alpha alone, as --noise-injection takes it
  EXPECT_THAT(fault("-0.003"), HasSubstr("must be at least 0"));
  EXPECT_THAT(fault("yes"), HasSubstr("must be true or false"));
  EXPECT_THAT(
      message_of([] {
        load("noise_injection: {tau: 15}\nruns: [{strategy: drop, key_steps: all, steps: 9}]\n");
      }),
      HasSubstr(":6:8: noise injection: tau 15 is outside 1..10"));
}

TEST(NoiseInjectionConfig, IsRecorded) {
  RunSpec plain = tiny_run("encoder", 4), with = plain;
  with.noise_injection = resolved({kPaperInjectionAlpha, 0, InjectionPlacement::kBeforeUNet}, 4);
  const PreparedSweep sweep = tiny_sweep({plain, with});
  const RunRecord none = planned_record(sweep.runs[0]), some = planned_record(sweep.runs[1]);
  EXPECT_EQ(none.noise_injection_alpha, 0);
  EXPECT_EQ(none.noise_injection_placement, "");
  EXPECT_EQ(some.noise_injection_alpha, kPaperInjectionAlpha);
  EXPECT_EQ(some.noise_injection_tau, 2);
  EXPECT_EQ(some.noise_injection_placement, "before_unet");
  const std::string line = "noise injection: 0.003 before_unet at steps below 2\n";
  EXPECT_THAT(plan_grid(sweep, sweep.runs[1]), HasSubstr(line));
  EXPECT_THAT(plan_grid(sweep, sweep.runs[0]), Not(HasSubstr("noise injection")));
  EXPECT_EQ(plan_json(sweep, sweep.runs[0])["noise_injection"], "off");
}

TEST(NoiseInjectionConfig, EachPartDeterminesAResult) {
  const TemporaryFolder folder;
  folder.write("model/scheduler/scheduler_config.json", "{}");
  const std::vector<StageFolder> models = {{.name = "", .folder = ModelFolder(folder / "model")}};
  const auto line = [&](const NoiseInjection& injection) {
    Experiment experiment;
    experiment.stages.emplace_back();
    experiment.runs = {tiny_run("full", 4)};
    experiment.runs[0].noise_injection = injection;
    return sweep_settings(experiment, models, 1).at("runs.full");
  };
  const NoiseInjection one{0.1, 2, InjectionPlacement::kBeforeStep};
  std::set<std::string> lines = {line({}), line(one)};
  lines.insert(line({0.2, 2, InjectionPlacement::kBeforeStep}));
  lines.insert(line({0.1, 3, InjectionPlacement::kBeforeStep}));
  lines.insert(line({0.1, 2, InjectionPlacement::kBeforeUNet}));
  EXPECT_EQ(lines.size(), 5U);
}

}  // namespace
}  // namespace fdbench
