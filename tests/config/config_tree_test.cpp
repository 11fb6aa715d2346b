#include "config/config_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string fault(const std::string& text) {
  return message_of([&] { parse_config(text, "c.yaml"); });
}

TEST(ConfigTree, KnowsWherePartsStand) {
  const ConfigTree tree = parse_config("a: 1\nb:\n  - x\n  - {c: y}\n", "c.yaml");
  EXPECT_EQ(tree.entries[1].place.to_string(), "c.yaml:2:1");
  const ConfigTree& list = tree.entries[1].value;
  EXPECT_EQ(list.items[0].place.to_string(), "c.yaml:3:5");
  EXPECT_EQ(list.items[1].entries[0].value.place.to_string(), "c.yaml:4:9");
}

TEST(ConfigTree, TellsQuotedFromPlain) {
  const ConfigTree tree = parse_config("a: 1\nb: \"1\"\nc: '1'\n", "c.yaml");
  EXPECT_FALSE(tree.find("a")->quoted);
  EXPECT_TRUE(tree.find("b")->quoted);
  EXPECT_TRUE(tree.find("c")->quoted);
  EXPECT_EQ(tree.find("d"), nullptr);
}

TEST(ConfigTree, RefusesTabs) {
  EXPECT_THAT(fault("a:\n \tb: 1\n"), StartsWith("c.yaml:2:2: a tab"));
  EXPECT_EQ(fault("a: 1\t# a tab behind a value is fine\n"), "");
}

TEST(ConfigTree, RefusesAKeyGivenTwice) {
  EXPECT_EQ(fault("a: 1\nb: {c: 1, c: 2}\n"),
            "c.yaml:2:11: the key 'c' is given twice, first in line 2");
  EXPECT_EQ(fault("a: 1\nb: 2\na: 1\n"), "c.yaml:3:1: the key 'a' is given twice, first in line 1");
}

TEST(ConfigTree, NamesThePlaceOfASyntaxFault) {
  EXPECT_THAT(fault("a: [1, 2\nb: 3\n"), StartsWith("c.yaml:2:2: not valid YAML"));
  EXPECT_THAT(fault("a: 1\n---\nb: 2\n"), HasSubstr("second YAML document"));
  EXPECT_THAT(fault("[a]: 1\n"), HasSubstr("a key must be plain text"));
}

TEST(ConfigTree, TakesAnchors) {
  const ConfigTree tree = parse_config("a: &x [1, 2]\nb: *x\n", "c.yaml");
  EXPECT_EQ(tree.find("b")->items.size(), 2u);
}

TEST(ConfigTree, MergesTheKeysOfOtherMaps) {
  const ConfigTree tree = parse_config(
      "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc: {y: 5, <<: *a}\nd: {<<: [*b, *a], w: 6}\n"
      "e: {'<<': 7}\n",
      "c.yaml");
  EXPECT_EQ(tree.find("c")->find("x")->scalar, "1");
  EXPECT_EQ(tree.find("c")->find("y")->scalar, "5");
  EXPECT_EQ(tree.find("d")->find("y")->scalar, "3");
  EXPECT_EQ(tree.find("d")->find("x")->scalar, "1");
  EXPECT_EQ(tree.find("d")->entries.size(), 4u);
  EXPECT_EQ(tree.find("d")->find("<<"), nullptr);
  EXPECT_EQ(tree.find("e")->find("<<")->scalar, "7");
  EXPECT_THAT(fault("a: {<<: 1}\n"), HasSubstr("'<<' takes the keys of a map"));
  EXPECT_THAT(fault("a: {<<: {}, <<: {}}\n"), HasSubstr("given twice"));
  EXPECT_THAT(fault("a: &a {<<: *a}\n"), HasSubstr("nested too deeply"));
}

TEST(ConfigTree, KnowsYamlsOwnTags) {
  const ConfigTree tree = parse_config("a: !!str 5\nb: !!int 5\n", "c.yaml");
  EXPECT_TRUE(tree.find("a")->quoted);
  EXPECT_FALSE(tree.find("b")->quoted);
  EXPECT_THAT(fault("a: !!python/tuple [1]\n"), HasSubstr("python/tuple' is not known"));
  EXPECT_THAT(fault("a: *b\n"), StartsWith("c.yaml:1:"));
}

TEST(ConfigTree, RefusesWhatHasNoEnd) {
  EXPECT_THAT(fault("a: &x [*x]\n"), HasSubstr("nested too deeply"));
  EXPECT_THAT(fault("a: " + std::string(100, '[') + std::string(100, ']')),
              HasSubstr("nested too deeply"));
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    bomb += name + ": &" + name + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", " : "") + before;
    bomb += "]\n";
  }
  EXPECT_THAT(fault(bomb), HasSubstr("too many values"));
}

TEST(ConfigTree, RefusesOtherEncodings) {
  EXPECT_THAT(fault("a: 1\nb: \xff\n"), StartsWith("c.yaml:2: byte 0xFF at offset 8"));
  EXPECT_EQ(fault("\xef\xbb\xbfk: Zürich\r\n"), "");
}

TEST(SetConfigValue, ReplacesAndAdds) {
  ConfigTree tree = parse_config("a: {b: 1}\nl: [{c: 2}, 3]\n", "c.yaml");
  set_config_value(tree, "a.b=[4, 5]");
  set_config_value(tree, "l.0.c=x=y");
  set_config_value(tree, "l.1=6");
  set_config_value(tree, "a.new=true");
  EXPECT_EQ(tree.find("a")->find("b")->items[1].scalar, "5");
  EXPECT_EQ(tree.find("l")->items[0].find("c")->scalar, "x=y");
  EXPECT_EQ(tree.find("l")->items[1].scalar, "6");
  EXPECT_EQ(tree.find("a")->find("new")->place.to_string(), "--set a.new=true");
}

TEST(SetConfigValue, NamesAPathThatIsNotThere) {
  ConfigTree tree = parse_config("timing: {rounds: 1}\nl: [1]\n", "c.yaml");
  const auto set = [&](const std::string& text) {
    return message_of([&] { set_config_value(tree, text); });
  };
  EXPECT_THAT(set("timng.rounds=2"), HasSubstr("no key 'timng', did you mean 'timing'?"));
  EXPECT_THAT(set("l.1=2"), HasSubstr("'1' is not an index of a list of 1"));
  EXPECT_THAT(set("l.-1=2"), HasSubstr("is not an index"));
  EXPECT_THAT(set("timing.rounds.x=2"), HasSubstr("nothing below '1'"));
  EXPECT_THAT(set("timing"), HasSubstr("write it as key=value"));
}

TEST(ConfigText, ReadsBackAsTheSameTree) {
  ConfigTree tree = parse_config("a: {b: \"1\"}\nl: [{c: 2}, x y]\n", "c.yaml");
  set_config_value(tree, "a.d=3");
  const ConfigTree again = parse_config(config_text(tree), "again");
  EXPECT_EQ(config_text(again), config_text(tree));
  EXPECT_TRUE(again.find("a")->find("b")->quoted);
  EXPECT_EQ(again.find("l")->items[1].scalar, "x y");
}

TEST(ParseConfig, EndsWhereTheYamlLibraryDoesNot) {
  for (const char* text : {",", ",n%nul\"\n"}) {
    EXPECT_EQ(parse_config(text, "c.yaml").kind, ConfigTree::Kind::kNull) << text;
  }
  for (const char* text : {"]", "a: b\n,"}) {
    EXPECT_THROW(parse_config(text, "c.yaml"), Error) << text;
  }
}

}  // namespace
}  // namespace fdbench
