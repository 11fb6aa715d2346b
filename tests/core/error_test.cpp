#include "core/error.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(Error, NamesThePlaceFirst) {
  const Error error = usage_error({"a.yaml", 3, 7}, "steps must be positive");
  EXPECT_STREQ(error.what(), "a.yaml:3:7: steps must be positive");
  EXPECT_EQ(error.exit_code(), 2);
}

TEST(Error, LeavesOutUnknownParts) {
  EXPECT_STREQ(runtime_error({"a.h5"}, "is damaged").what(), "a.h5: is damaged");
  EXPECT_STREQ(runtime_error({"a.h5", 0, 5}, "x").what(), "a.h5: x");
  EXPECT_EQ(runtime_error("x").exit_code(), 3);
}

TEST(Error, IsOneLine) { EXPECT_STREQ(usage_error("first\nsecond").what(), "first second"); }

TEST(Nearest, FindsATypo) {
  EXPECT_EQ(nearest("stpes", {"strategy", "steps", "seed"}), "steps");
  EXPECT_EQ(nearest("zzzzzz", {"strategy", "steps"}), "");
}

TEST(Nearest, AdviceListsAllWhenNothingIsNear) {
  EXPECT_EQ(advice("stpes", {"steps", "seed"}), ", did you mean 'steps'?");
  EXPECT_EQ(advice("qqqq", {"steps", "seed"}), "; one of steps, seed");
}

}  // namespace
}  // namespace fdbench
