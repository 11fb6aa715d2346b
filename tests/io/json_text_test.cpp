#include "io/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/error.h"
#include "io/json_file.h"
#include "io/temporary_folder.h"

namespace fdbench {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ParseJson, TakesPythonsNumbers) {
  const json made = parse_json(
      R"({"a": [1, NaN, {"b": Infinity}], "NaN": -Infinity, "c": "Infinity", "d\"NaN": true})");
  EXPECT_EQ(made["a"][0], 1);
  EXPECT_TRUE(std::isnan(made["a"][1].get<double>()));
  EXPECT_EQ(made["a"][2]["b"].get<double>(), kInfinity);
  EXPECT_EQ(made["NaN"].get<double>(), -kInfinity);
  EXPECT_EQ(made["c"], "Infinity");
  EXPECT_EQ(made["d\"NaN"], true);
  EXPECT_EQ(parse_json("-Infinity").get<double>(), -kInfinity);
}

TEST(ParseJson, TakesStandardTextAsItIs) {
  const char* text = R"({"a": [0, -1.5e3, null, false, "x"], "b": {}})";
  EXPECT_EQ(parse_json(text), json::parse(text));
  EXPECT_EQ(parse_json(R"(["NaN", 0, "0"])"), json::parse(R"(["NaN", 0, "0"])"));
}

TEST(ParseJson, TakesNothingElse) {
  for (const char* text : {"[nan]", "[+Infinity]", "[-NaN]", "[Infinity0]", "[inf]", "{NaN: 1}",
                           "[NaN NaN]", "[NaN", "\"NaN", "NaN1", "[\"\\", ""}) {
    EXPECT_THROW(parse_json(text), json::exception) << text;
  }
}

TEST(ReadJson, RefusesWhatWouldOverflowTheStack) {
  const TemporaryFolder folder;
  const std::string open(100'000, '['), close(100'000, ']');
  const auto path = folder.write("c.json", "{\"a\": " + open + close + "}");
  EXPECT_THAT(message_of([&] { read_json(path); }), HasSubstr("nested too deeply"));
  EXPECT_FALSE(nested_too_deeply("[\"" + open + "\\\"\", {}, [], [[1]]]"));
}

TEST(ReadJson, NamesThePlaceBehindSuchANumber) {
  const TemporaryFolder folder;
  const auto path = folder.write("c.json", "{\"a\": -Infinity,\n \"b\": NaN, \"c\": ?}");
  EXPECT_THAT(message_of([&] { read_json(path); }), HasSubstr("c.json:2:17: is not JSON"));
}

TEST(ParseOrderedJson, KeepsTheOrderAndRefusesAKeyGivenTwice) {
  const auto json = parse_ordered_json(R"({"z": 1, "a": [{"b": NaN}, {"b": 2}]})", "a.json");
  EXPECT_EQ(json.begin().key(), "z");
  EXPECT_TRUE(std::isnan(json["a"][0]["b"].get<double>()));
  const auto fault = [](const std::string& text) {
    return message_of([&] { parse_ordered_json(text, "a.json"); });
  };
  EXPECT_EQ(fault(R"({"runs": {"e": {"fid": 1, "fid": 2}}})"),
            "a.json: the key 'runs.e.fid' is given twice");
  EXPECT_EQ(fault(R"([{"a": {"b": 1}, "a": 2}])"), "a.json: the key 'a' is given twice");
  EXPECT_THAT(fault("{\"a\":\n?}"), HasSubstr("a.json:2:1: is not JSON"));
  EXPECT_THAT(fault(std::string(300, '[') + std::string(300, ']')), HasSubstr("too deeply"));
}

}  // namespace
}  // namespace fdbench
