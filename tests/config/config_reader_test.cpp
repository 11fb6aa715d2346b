#include "config/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using testing::HasSubstr;

/// The value of `text` as the config's key "k".
class Given {
 public:
  explicit Given(const std::string& text) : tree_(parse_config("k: " + text, "c.yaml")) {}
  ConfigValue operator*() const { return {*tree_.find("k"), "k"}; }

 private:
  ConfigTree tree_;
};

TEST(ConfigValue, ReadsNumbersStrictly) {
  EXPECT_EQ((*Given("12")).integer(), 12);
  EXPECT_EQ((*Given("-3")).integer(), -3);
  EXPECT_EQ((*Given("0x10")).integer(), 16);
  EXPECT_EQ((*Given("1e-3")).number(), 1e-3);
  EXPECT_EQ((*Given(".5")).number(), 0.5);
  for (const char* wrong :
       {"1.0", "12x", "1e3", "''", "'1'", "!!str 1", "one", "[1]", "99999999999999999999"}) {
    const Given given(wrong);
    EXPECT_THROW((*given).integer(), Error) << wrong;
  }
  for (const char* wrong : {".inf", "nan", "1,5", "'1'", "{a: 1}"}) {
    const Given given(wrong);
    EXPECT_THROW((*given).number(), Error) << wrong;
  }
}

TEST(ConfigValue, NamesItsLimits) {
  const Given given("7");
  EXPECT_THAT(message_of([&] { (*given).integer(8); }), HasSubstr("must be at least 8"));
  EXPECT_THAT(message_of([&] { (*given).integer(0, 6); }), HasSubstr("must be at most 6"));
}

TEST(ConfigValue, TruthIsTrueOrFalse) {
  EXPECT_TRUE((*Given("true")).truth());
  EXPECT_TRUE((*Given("True")).truth());
  EXPECT_FALSE((*Given("false")).truth());
  for (const char* wrong : {"yes", "1", "'true'", "tRUE"}) {
    const Given given(wrong);
    EXPECT_THROW((*given).truth(), Error) << wrong;
  }
}

TEST(ConfigValue, ProposesTheNearestWord) {
  const Given given("sequental");
  EXPECT_EQ(message_of([&] {
              (*given).choice({"sequential", "parallel"});
            }),
            "c.yaml:1:4: 'k' cannot be 'sequental', did you mean 'sequential'?");
}

TEST(ConfigMap, NamesAKeyThatNobodyKnows) {
  const Given given("{rounds: 1, warmupp: 2}");
  ConfigMap map(*given);
  EXPECT_EQ(map.at("rounds").integer(), 1);
  EXPECT_FALSE(map.has("warmup"));
  EXPECT_EQ(message_of([&] { map.finish(); }),
            "c.yaml:1:16: unknown key 'k.warmupp', did you mean 'warmup'?");
}

TEST(ConfigMap, NamesAKeyThatIsMissing) {
  const Given given("{a: 1}");
  ConfigMap map(*given);
  EXPECT_THAT(message_of([&] { map.at("b"); }), HasSubstr("the key 'k.b' is missing"));
}

TEST(ConfigMap, GivesTheRest) {
  const Given given("{name: ddim, eta: 0, x: 1}");
  ConfigMap map(*given);
  map.at("name");
  const auto rest = map.rest();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].first, "eta");
}

TEST(AtPlace, AddsThePlaceOnce) {
  const Given given("x");
  const auto bare = [] { throw usage_error("wrong"); };
  EXPECT_EQ(message_of([&] { at_place(*given, bare); }), "c.yaml:1:4: wrong");
  EXPECT_EQ(message_of([&] { at_place(*given, [&] { at_place(*given, bare); }); }),
            "c.yaml:1:4: wrong");
}

}  // namespace
}  // namespace fdbench
