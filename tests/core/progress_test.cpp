#include "core/progress.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace fdbench {
namespace {

TEST(DurationText, PicksAUnitThatReadsWell) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(42), "42 s");
  EXPECT_EQ(duration_text(240), "4 min");
  EXPECT_EQ(duration_text(9000), "2.5 h");
}

TEST(Progress, WritesNothingWhereNoTerminalIs) {
  std::FILE* file = std::tmpfile();
  {
    Progress progress(file, true, 10, 0);
    progress.show(5, "half");
    progress.clear();
  }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace fdbench
