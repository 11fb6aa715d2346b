#include "work/sweep_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "work/strategy_text.h"
#include "work/tiny_sweep.h"

namespace fdbench {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

std::filesystem::path mini_model() {
  return std::filesystem::path(FDBENCH_SOURCE_DIR) / "models/mini";
}

Settings settings_of(const Experiment& experiment) {
  return sweep_settings(experiment, {{.name = "", .folder = ModelFolder(mini_model())}}, 3);
}

TEST(SweepSettings, AreTextsOfTheExperiment) {
  Experiment experiment;
  experiment.captions = {"a", "b"};
  experiment.guidance_scale = 0.1;
  const Settings settings = settings_of(experiment);
  EXPECT_THAT(settings, Contains(Pair("threads", "3")));
  EXPECT_THAT(settings, Contains(Pair("guidance_scale", "0.10000000000000001")));
  EXPECT_THAT(settings, Contains(Pair("features.enabled", "true")));
  EXPECT_THAT(settings, Contains(Pair("prompts.count", "2")));
  EXPECT_THAT(settings, Contains(Key("model.unet")));
  for (const char* unasked : {"cpus", "latent", "equal_time", "clip_skip", "guidance_rescale",
                              "judges.bootstrap", "prompts.negative", "timing.until"}) {
    EXPECT_THAT(settings, Not(Contains(Key(unasked)))) << "not asked for, not told";
  }
}

TEST(SweepSettings, TellWhatIsAskedFor) {
  Experiment experiment;
  experiment.captions = {"a"};
  experiment.cpus = {0, 2};
  experiment.latent_height = 32;
  experiment.latent_width = 48;
  experiment.prompt_options.guidance_rescale = 0.7;
  experiment.prompt_options.clip_skip = 1;
  experiment.prompt_options.negative_prompts = {"b"};
  experiment.timing.until = 0.01;
  experiment.timing.fewest_rounds = 5;
  experiment.timing.rounds_per_process = 2;
  experiment.judges.scenes = std::filesystem::path(FDBENCH_SOURCE_DIR) / "models/mini-judge";
  const Settings settings = settings_of(experiment);
  EXPECT_THAT(settings, Contains(Pair("cpus", "[0,2]")));
  EXPECT_THAT(settings, Contains(Pair("latent", "32x48")));
  EXPECT_THAT(settings, Contains(Pair("guidance_rescale", "0.7")));
  EXPECT_THAT(settings, Contains(Pair("clip_skip", "1")));
  EXPECT_THAT(settings, Contains(Pair("prompts.negative", "\"b\"")));
  EXPECT_THAT(settings, Contains(Pair("timing.until", "5 0.01")));
  EXPECT_THAT(settings, Contains(Pair("timing.rounds_per_process", "2")));
  EXPECT_THAT(settings, Contains(Key("judges.scenes")));
  EXPECT_THAT(settings, Contains(Pair("judges.bootstrap", "200")));
}

TEST(SweepSettings, AreAllDeclared) {
  Experiment experiment;
  experiment.captions = {"a"};
  experiment.runs = {tiny_run("full", 4)};
  for (const auto& [name, value] : settings_of(experiment)) {
    bool is_declared = name == "runs.full";
    for (const SettingInfo& info : all_settings()) is_declared |= info.name == name;
    EXPECT_TRUE(is_declared) << name;
  }
}

/// These texts stand in result files and name work units: another text is another run.
TEST(StrategySettings, StayAsFilesHaveThem) {
  const auto text = [](const StrategyOptions& strategy) {
    nlohmann::json json;
    add_strategy(json, strategy);
    return json.dump();
  };
  const KeySteps keys = {true, false, true};
  EXPECT_EQ(text({kPlainStrategy, {}, {}}), R"({"key_steps":"","strategy":"full"})");
  EXPECT_EQ(text({"encoder", keys, {}, Reuse::kLinear}),
            R"({"key_steps":"3 1","reuse":"linear","strategy":"encoder"})");
  EXPECT_EQ(text({"deepcache", keys, {{"cache_interval", 2}}}),
            R"({"cache":[-1,0,0],"key_steps":"3 1","strategy":"deepcache"})");
  EXPECT_EQ(text({"encoder", keys, {{"control", "drop"}}}),
            R"({"control":"drop","key_steps":"3 1","strategy":"encoder"})");
  EXPECT_EQ(text({"deepcache", keys, {{"cache_branch", 3}}}),
            R"({"cache":[3,0,0],"key_steps":"3 1","strategy":"deepcache"})");
  EXPECT_EQ(text({"first_block_cache", {}, {{"threshold", 0.1}, {"max_run", 4}}}),
            R"({"first_block_cache":["0.10000000000000001",2,0,4],"key_steps":"",)"
            R"("strategy":"first_block_cache"})");
  EXPECT_EQ(text({"custom", {}, {{"blocks", KeyStepsByPart{{"encoder", keys}}}}}),
            R"({"blocks":{"encoder":"3 1"},"key_steps":"","strategy":"custom"})");
  EXPECT_EQ(text({"custom", {}, {{"grid", GridLines{{"encoder", "#.#"}}}}}),
            R"({"grid":{"encoder":"#.#"},"key_steps":"","strategy":"custom"})");
}

TEST(StrategyRecords, FillTheColumnsThatOptionsName) {
  for (const Strategy& strategy : strategies()) {
    for (const Option& option : strategy.options) {
      if (option.column.empty()) continue;
      RunRecord record;
      const OptionValue value = option.initial.value_or(OptionValue(1));
      EXPECT_NO_THROW(record_options(record, {strategy.name, {}, {{option.name, value}}}))
          << option.name;
    }
  }
  RunRecord record;
  record_options(record, {"first_block_cache", {}, {{"threshold", 0.5}}});
  EXPECT_EQ(record.cache_threshold, 0.5);
  EXPECT_EQ(record.cache_max_run, 0);
  EXPECT_EQ(record.cache_interval, kNotCounted) << "of another strategy";
  EXPECT_EQ(record.strategy_options,
            R"({"threshold":0.5,"cache_branch":2,"warmup":0,"max_run":0})");
}

TEST(SweepSettings, OfSeveralStagesNameTheStage) {
  Experiment experiment;
  experiment.captions = {"a"};
  experiment.stages = {{.name = "base", .model = {}, .guidance_scale = 4},
                       {.name = "upscale", .model = {}, .guidance_scale = 2}};
  const ModelFolder folder(mini_model());
  const Settings settings = sweep_settings(
      experiment, {{.name = "base", .folder = folder}, {.name = "upscale", .folder = folder}}, 3);
  EXPECT_THAT(settings, Contains(Pair("model.stages", R"([["base",4.0],["upscale",2.0]])")));
  EXPECT_EQ(settings.at("model.base.unet"), settings.at("model.upscale.unet"));
  EXPECT_THAT(settings, Not(Contains(Key("model.unet"))));
  EXPECT_TRUE(depends(Scope::kPictures, "model.upscale.unet"));
  EXPECT_TRUE(depends(Scope::kModel, "model.stages"));
}

}  // namespace
}  // namespace fdbench
