#include "io/text_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/json_file.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kMark = "\xEF\xBB\xBF";

std::string fault(const std::string& bytes) {
  return message_of([&] { utf8_text(bytes, "a.txt"); });
}

TEST(Utf8Text, LeavesOutTheMarkAndCarriageReturns) {
  EXPECT_EQ(utf8_text(kMark + "Z\xC3\xBCrich\r\na\rb\n\r\n", "a.txt"), "Z\xC3\xBCrich\na\nb\n\n");
  EXPECT_EQ(utf8_text("", "a.txt"), "");
  EXPECT_EQ(utf8_text(kMark, "a.txt"), "");
}

TEST(Utf8Text, NamesLineAndByteOfAnotherEncoding) {
  EXPECT_EQ(fault("a\nb\xE9 c\n"),
            "a.txt:2: byte 0xE9 at offset 3 is no UTF-8 text; of Latin-1 it is made by iconv -f "
            "latin1 -t utf8 a.txt > NEW");
  EXPECT_THAT(fault("\xED\xA0\x80"), HasSubstr("byte 0xED at offset 0"));  // a surrogate
  EXPECT_THAT(fault("\xC0\x80"), HasSubstr("byte 0xC0 at offset 0"));      // overlong
  EXPECT_THAT(fault("ab\xC3"), HasSubstr("byte 0xC3 at offset 2"));        // cut off
}

TEST(Utf8Text, NamesWhatIsNoText) {
  using namespace std::string_literals;
  EXPECT_THAT(fault("\xFF\xFE"s + "a\0b\0"s), HasSubstr("is UTF-16 text, wanted is UTF-8: iconv"));
  EXPECT_THAT(fault("\xFE\xFF"s + "\0a"s), HasSubstr("UTF-16"));
  EXPECT_THAT(fault("\xFF\xFE\0\0a\0\0\0"s), HasSubstr("UTF-32"));
  EXPECT_THAT(fault("a\n\0b"s), StartsWith("a.txt:2: a NUL byte at offset 2"));
  EXPECT_THAT(fault("\x1F\x8B\x08"), HasSubstr("gunzip a.txt"));
  EXPECT_THAT(fault("a\n" + kMark + "b\n"), StartsWith("a.txt:2: begins with a byte order mark"));
}

TEST(ReadText, NamesAFileThatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { read_text(folder / "no", "prompt file"); }),
              HasSubstr("no: no such prompt file"));
  EXPECT_THAT(message_of([&] { read_text(folder.path(), "config file"); }),
              HasSubstr("cannot be read as a config file"));
  EXPECT_EQ(read_text(folder.write("a", kMark + "x\r\n")), "x\n");
}

TEST(ReadJson, TakesAMarkAndRefusesOtherEncodings) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_json(folder.write("a.json", kMark + "{\"a\":\r\n1}"))["a"], 1);
  EXPECT_THAT(message_of([&] { read_json(folder.write("b.json", "{\n\"a\": \"\xE9\"}")); }),
              HasSubstr("b.json:2: byte 0xE9 at offset 8"));
}

TEST(TextLines, EndWithTheLastThatIsNotBlank) {
  const std::vector<TextLine> lines = text_lines("a\n\n b \n  \n\t\n");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1].text, "");
  EXPECT_EQ(lines[2].text, " b ");
  EXPECT_EQ(lines[2].number, 3);
  EXPECT_TRUE(text_lines("\n \n").empty());
}

TEST(IsBlank, KnowsTheSpacesOfUnicode) {
  for (const char* text : {"", "  ", "\t", "\xC2\xA0", "\xE3\x80\x80", "\xE2\x80\xA8"}) {
    EXPECT_TRUE(is_blank(text)) << text;
  }
  EXPECT_FALSE(is_blank(" . "));
}

}  // namespace
}  // namespace fdbench
