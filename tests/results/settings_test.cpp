#include "results/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(SettingScopes, PickSettings) {
  const Settings settings = {{"timing.rounds", "8"}, {"seed", "1"}, {"pictures.keep", "4"}};
  EXPECT_THAT(of_scope(settings, Scope::kPictures), ElementsAre(Pair("seed", "1")));
  EXPECT_THAT(not_of_scope(settings, Scope::kRoundCount),
              ElementsAre(Pair("pictures.keep", "4"), Pair("seed", "1")));
}

}  // namespace
}  // namespace fdbench
