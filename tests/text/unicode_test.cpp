#include "text/unicode.h"

#include <gtest/gtest.h>

namespace fdbench {
namespace {

TEST(ValidUtf8, ReplacesEachBrokenSequenceOnce) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(valid_utf8("aé中😀"), "aé中😀");
  EXPECT_EQ(valid_utf8("\xff\xfe"), mark + mark);
  EXPECT_EQ(valid_utf8("\xe4\xb8"
                       "x"),
            mark + "x");                                                 // cut off
  EXPECT_EQ(valid_utf8("\xf0\x9f\x98"), mark);                           // at the end
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), mark + mark + mark);             // a surrogate
  EXPECT_EQ(valid_utf8("\xc0\xaf"), mark + mark);                        // overlong
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80"), mark + mark + mark + mark);  // beyond U+10FFFF
}

TEST(ComposeNfc, ComposesAndOrdersMarks) {
  EXPECT_EQ(compose_nfc("e\u0301"), "é");
  EXPECT_EQ(compose_nfc("q\u0307\u0323"), "q\u0323\u0307");
  EXPECT_EQ(compose_nfc("\u1112\u1161\u11ab"), "한");
  EXPECT_EQ(compose_nfc("\uacc4\u11a7"), "\uacc4\u11a7");
}

TEST(LowerCase, GoesCharacterByCharacter) {
  EXPECT_EQ(lower_case("ABC ÄÖ ẞ ΣΑΣ"), "abc äö ß σασ");
  EXPECT_EQ(lower_case("İI"), "i\u0307i");
}

TEST(CollapseWhiteSpace, MakesOneSpaceOfARun) {
  EXPECT_EQ(collapse_white_space("\t a \u3000\nb\u200bc"), " a b\u200bc");
}

}  // namespace
}  // namespace fdbench
