#include "judging/judges.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "core/error.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::filesystem::path kSource = FDBENCH_SOURCE_DIR;

/// A sweep that is judged by the embedded scene reader.
Experiment judged_experiment(const std::string& prompts) {
  return experiment_of_text("name: judged\nmodel: " + (kSource / "models/mini").string() +
                                "\nprompts: " + prompts +
                                "\njudges: {scenes: " + (kSource / "models/mini-judge").string() +
                                "}\nruns: [{strategy: full}]\n",
                            "judged.yaml");
}

std::string with_scenes(int count) {
  return "{file: " + (kSource / "configs/prompts/quick.json").string() +
         ", count: " + std::to_string(count) + "}";
}

std::string fault_of(const Experiment& experiment, PictureSize size) {
  return message_of([&] { SweepJudges(experiment, size); });
}

TEST(SweepJudges, ReadTheObjectsOfEveryPicture) {
  const Experiment experiment = judged_experiment(with_scenes(3));
  const SweepJudges judges(experiment, {.height = 64, .width = 64});
  Arrays arrays = {{picture_arrays::kImages, at::full({2, 64, 64, 3}, 128, at::kByte)}};
  judges.judge(arrays, 1);
  const at::Tensor objects = arrays.at(judged_arrays::kObjects);
  EXPECT_THAT(objects.sizes(), ElementsAre(2));
  EXPECT_TRUE((objects >= 0).all().item<bool>() && (objects <= 1).all().item<bool>());
  EXPECT_EQ(arrays.at(judged_arrays::kWhole).sum().item<double>(), 0) << "grey shows no object";
  EXPECT_FALSE(arrays.contains(judged_arrays::kFeatures)) << "nobody gives features";
}

TEST(SweepJudges, RefuseWhatTheyCannotJudgeAtTheirPlaceInTheConfig) {
  const std::string size = fault_of(judged_experiment(with_scenes(3)), {.height = 32, .width = 64});
  EXPECT_THAT(size, HasSubstr("judged.yaml:4:"));
  EXPECT_THAT(size, HasSubstr("64x32"));
  const std::string scenes =
      fault_of(judged_experiment("[a red circle]"), {.height = 64, .width = 64});
  EXPECT_THAT(scenes, HasSubstr("judged.yaml:4:"));
  EXPECT_THAT(scenes, HasSubstr("prompt 0 has none"));
}

TEST(MetricsAgainst, KeepsWhatTheReferenceAllows) {
  JudgedSet moments_alone, with_features;
  moments_alone.name = with_features.name = "reference.npz";
  with_features.features.pooled = at::ones({4, 2});
  JudgeSettings judges;
  judges.metrics = {"fid", "kid", "recall"};
  EXPECT_THAT(metrics_against(judges, with_features), ElementsAre("fid", "kid", "recall"));
  EXPECT_THAT(metrics_against(judges, moments_alone), ElementsAre("fid"));
  judges.metrics_named = true;
  EXPECT_THAT(message_of([&] { metrics_against(judges, moments_alone); }),
              HasSubstr("reference.npz: holds no features of single pictures, which kid needs"));
}

TEST(JudgeSetting, NamesWhatJudgesByItsContents) {
  EXPECT_FALSE(judge_setting(Setting::kJudgesScenes, {}).has_value());
  EXPECT_FALSE(judge_setting(Setting::kJudgesBootstrap, {}).has_value());
  JudgeSettings judges = judged_experiment(with_scenes(1)).judges;
  EXPECT_EQ(setting_text(judge_setting(Setting::kJudgesBootstrap, judges).value()), "200");
  EXPECT_FALSE(setting_text(judge_setting(Setting::kJudgesScenes, judges).value()).empty());
  EXPECT_FALSE(judge_setting(Setting::kJudgesKeepFeatures, judges).has_value());
  judges.keep_features = true;
  EXPECT_EQ(setting_text(judge_setting(Setting::kJudgesKeepFeatures, judges).value()), "true");
}

}  // namespace
}  // namespace fdbench
