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
TEST(Error, KeepsPlaceKeyAndMessageApart) {
  const Error error = usage_error(Place{"a.yaml", 3, 5}, "must\nbe 1").about("steps");
  EXPECT_STREQ(error.what(), "a.yaml:3:5: must be 1");
  EXPECT_EQ(error.place().file, "a.yaml");
  EXPECT_EQ(error.place().line, 3);
  EXPECT_EQ(error.message(), "must be 1");
  EXPECT_EQ(error.key(), "steps");
}

TEST(Error, WithoutAPlaceItIsItsMessage) {
  for (const Error& error : {usage_error("no"), usage_error(Place{}, "no")}) {
    EXPECT_STREQ(error.what(), "no");
    EXPECT_EQ(error.place().file, "");
    EXPECT_EQ(error.key(), "");
  }
}

TEST(Error, MovesToAnotherPlaceOrIsSeenFromIt) {
  const Error error = runtime_error(Place{"x.part", 2}, "is full").about("size");
  const Error moved = error.moved_to({"x", 7});
  EXPECT_STREQ(moved.what(), "x:7: is full");
  const Error seen = error.seen_from({"c.yaml", 1});
  EXPECT_STREQ(seen.what(), "c.yaml:1: x.part:2: is full");
  for (const Error& made : {moved, seen}) {
    EXPECT_EQ(made.kind(), ErrorKind::kRuntime);
    EXPECT_EQ(made.key(), "size");
  }
  EXPECT_EQ(seen.place().file, "c.yaml");
}

}  // namespace fdbench
