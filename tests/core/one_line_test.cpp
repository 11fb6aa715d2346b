#include "core/one_line.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(OneLine, TextOfAnyLanguageStaysAsItIs) {
  for (const std::string text : {"", "a b", "caf\u00e9 \u732b \U0001F600", "'x' \\ \"y\""}) {
    EXPECT_EQ(one_line(text), text);
  }
}

TEST(OneLine, LineBreaksAndTabsAreSpaces) { EXPECT_EQ(one_line("a\nb\r\nc\td"), "a b  c d"); }

TEST(OneLine, ControlCharactersAreShown) {
  EXPECT_EQ(one_line("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(one_line(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(one_line("\x7f\u0085"), "\\x7f\\xc2\\x85");
}

TEST(OneLine, BytesThatAreNoUtf8AreShown) {
  EXPECT_EQ(one_line("a\xbc"), "a\\xbc");
  EXPECT_EQ(one_line("\xe7"), "\\xe7") << "the beginning of a character";
  EXPECT_EQ(one_line("\xc0\xaf"), "\\xc0\\xaf") << "longer than need be";
  EXPECT_EQ(one_line("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a pair";
  EXPECT_EQ(one_line("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond the last one";
}

}  // namespace
}  // namespace fdbench
