#include "results/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace fdbench {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(SettingScopes, SayWhatDependsOnASetting) {
  EXPECT_TRUE(depends(Scope::kPictures, "seed"));
  EXPECT_TRUE(depends(Scope::kTiming, "threads"));
  EXPECT_FALSE(depends(Scope::kPictures, "threads")) << "pictures are the same on any";
  EXPECT_FALSE(depends(Scope::kTiming, "features.enabled")) << "nothing is observed while timing";
  EXPECT_FALSE(depends(Scope::kPictures, "timing.warmup"));
  EXPECT_FALSE(depends(Scope::kTiming, "timing.rounds")) << "they may be raised";
  EXPECT_FALSE(depends(Scope::kTiming, "timing.until")) << "so may this";
  EXPECT_TRUE(depends(Scope::kRoundCount, "timing.until"));
  EXPECT_TRUE(depends(Scope::kModel, "model.unet"));
  EXPECT_TRUE(depends(Scope::kPictures, "judges.clip")) << "what judges see is in the unit";
  EXPECT_FALSE(depends(Scope::kPictures, "judges.bootstrap"));
}

TEST(SettingScopes, WhatIsNotKnownCountsForAll) {
  for (const Scope scope : {Scope::kPictures, Scope::kTiming, Scope::kCompared}) {
    EXPECT_TRUE(depends(scope, "of_a_newer_program"));
  }
}

TEST(SettingScopes, ANameOfANewerProgramHasThoseOfItsFamily) {
  EXPECT_TRUE(depends(Scope::kModel, "model.controlnet"));
  EXPECT_FALSE(depends(Scope::kPictures, "timing.cooldown"));
  EXPECT_TRUE(depends(Scope::kRun, setting_name(Setting::kRun, "full/50_steps")));
}

TEST(SettingTable, NamesAreUniqueAndExplained) {
  std::set<std::string_view> names;
  for (const SettingInfo& info : all_settings()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_FALSE(info.help.empty()) << info.name;
    EXPECT_NE(scopes_text(info.scopes), "") << info.name;
  }
  EXPECT_EQ(
      scopes_text(static_cast<unsigned>(Scope::kJudging) | static_cast<unsigned>(Scope::kCompared)),
      "judging, comparison");
}

TEST(SettingTable, ValuesAreTextInFiles) {
  Settings settings;
  put(settings, Setting::kFeaturesEnabled, false);
  put(settings, Setting::kPicturesKeep, std::int64_t{-1});
  put(settings, Setting::kGuidanceScale, 0.1);
  put(settings, Setting::kDevice, "cpu");
  put_run(settings, "a/b", "{}");
  EXPECT_EQ(settings, (Settings{{"features.enabled", "false"},
                                {"pictures.keep", "-1"},
                                {"guidance_scale", "0.10000000000000001"},
                                {"device", "cpu"},
                                {"runs.a/b", "{}"}}));
}

TEST(SettingScopes, PickSettings) {
  const Settings settings = {{"timing.rounds", "8"}, {"seed", "1"}, {"pictures.keep", "4"}};
  EXPECT_THAT(of_scope(settings, Scope::kPictures), ElementsAre(Pair("seed", "1")));
  EXPECT_THAT(not_of_scope(settings, Scope::kRoundCount),
              ElementsAre(Pair("pictures.keep", "4"), Pair("seed", "1")));
}

}  // namespace
}  // namespace fdbench
