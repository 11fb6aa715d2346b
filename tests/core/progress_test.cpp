#include "core/progress.h"

#include <gtest/gtest.h>

#include <string>

namespace fdbench {
namespace {

TEST(DurationText, PicksAUnitThatReadsWell) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(42), "42 s");
  EXPECT_EQ(duration_text(240), "4 min");
  EXPECT_EQ(duration_text(9000), "2.5 h");
}

TEST(Progress, ShowsHowFarItIsAndCleansUp) {
  std::string shown;
  {
    Progress progress([&](const std::string& text) { shown = text; }, 10, 0);
    progress.show(5, "half");
    EXPECT_NE(shown.find("  50%  ############............  half"), std::string::npos) << shown;
    EXPECT_NE(shown.find(" left"), std::string::npos) << shown;
  }
  EXPECT_EQ(shown, "\r\033[K");
}

TEST(Progress, SaysNoTimeWhereNothingWasDoneYet) {
  std::string shown;
  Progress progress([&](const std::string& text) { shown = text; }, 10, 4);
  progress.show(4, "found");
  EXPECT_EQ(shown.find(" left"), std::string::npos) << shown;
}

TEST(Progress, NobodyNeedsToLookOn) {
  Progress progress({}, 10, 0);
  progress.show(5, "half");
  progress.clear();
}

}  // namespace
}  // namespace fdbench
