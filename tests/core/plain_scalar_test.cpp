#include "core/plain_scalar.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fdbench {
namespace {

TEST(PlainWholeNumber, IsWhatYaml12HasAsOne) {
  const std::pair<const char*, std::int64_t> numbers[] = {
      {"12", 12}, {"+12", 12}, {"-3", -3}, {"007", 7}, {"0x1F", 31}, {"0o17", 15}, {"0", 0}};
  for (const auto& [text, value] : numbers) {
    EXPECT_EQ(plain_whole_number(text).value, value) << text;
    EXPECT_EQ(plain_whole_number(text).fault, "") << text;
  }
  for (const char* text : {"", "+", "1.0", "1e3", "12x", "-0x1", "0x", "0o8", "1_000", "one", " 1",
                           "1 ", "++1", "0b1"}) {
    EXPECT_EQ(plain_whole_number(text).fault,
              "must be a whole number, not '" + std::string(text) + "'");
  }
}

TEST(PlainWholeNumber, NamesTheBoundThatIsCrossed) {
  EXPECT_EQ(plain_whole_number("-1", 0).fault, "is -1; it must be at least 0");
  EXPECT_EQ(plain_whole_number("7", 0, 6).fault, "is 7; it must be at most 6");
  EXPECT_EQ(plain_whole_number("18446744073709551616", 0).fault,
            "is 18446744073709551616; it must be at most 9223372036854775807");
  EXPECT_EQ(plain_whole_number("-99999999999999999999", 0).fault,
            "is -99999999999999999999; it must be at least 0");
  EXPECT_EQ(plain_whole_number("-9223372036854775808").value,
            std::numeric_limits<std::int64_t>::min());
}

TEST(PlainNumber, IsWhatYaml12HasAsOne) {
  const std::pair<const char*, double> numbers[] = {
      {".5", 0.5},    {"5.", 5},     {"+0.5", 0.5}, {"-.5", -0.5},   {"1e3", 1000},
      {"1E-3", 1e-3}, {"1.e2", 100}, {"0x10", 16},  {"0o10", 8},     {"12", 12},
      {"1e-999", 0},  {"-0", -0.0},  {"+12", 12},   {"-1e-2", -0.01}};
  for (const auto& [text, value] : numbers) {
    EXPECT_EQ(plain_number(text).value, value) << text;
    EXPECT_EQ(plain_number(text).fault, "") << text;
  }
  for (const char* text : {"", ".", "+.", "1,5", "nan", "inf", "Infinity", "1e", "e3", "1e+", "..5",
                           "1_0", "0x1.8p1", "--1", "1.5.2"}) {
    EXPECT_EQ(plain_number(text).fault, "must be a number, not '" + std::string(text) + "'");
  }
  for (const char* text : {".inf", "-.inf", "+.INF", ".nan", ".NaN", "1e999"}) {
    EXPECT_EQ(plain_number(text).fault, "must be a finite number, not '" + std::string(text) + "'");
  }
  EXPECT_EQ(plain_number("-0.5", 0).fault, "is -0.5; it must be at least 0");
  EXPECT_TRUE(std::isinf(plain_number_value("-.Inf")));
  EXPECT_TRUE(std::isnan(plain_number_value(".NAN")));
}

TEST(PlainTruth, IsTrueOrFalseInThreeCases) {
  for (const char* text : {"true", "True", "TRUE"}) EXPECT_TRUE(plain_truth(text).value) << text;
  for (const char* text : {"false", "False", "FALSE"}) {
    EXPECT_FALSE(plain_truth(text).value) << text;
    EXPECT_EQ(plain_truth(text).fault, "") << text;
  }
  EXPECT_EQ(plain_truth("tRUE").fault, "must be true or false, not 'tRUE'");
  EXPECT_EQ(plain_truth("Yes").fault,
            "must be true or false, not 'Yes', which is a text in YAML 1.2: write true");
  EXPECT_EQ(plain_truth("off").fault,
            "must be true or false, not 'off', which is a text in YAML 1.2: write false");
}

}  // namespace
}  // namespace fdbench
