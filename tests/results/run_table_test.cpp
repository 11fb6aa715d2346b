#include "results/run_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"

namespace fdbench {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<RunRecord> some_records() {
  std::vector<RunRecord> records(2);
  records[0].name = "full";
  records[0].strategy = "full";
  records[0].baseline = true;
  records[0].unet_speedup = 1;
  records[1].name = "encoder, \"best\"";
  records[1].strategy = "encoder";
  records[1].reused = true;
  records[1].unet_speedup = 1.416;
  records[1].unet_speedup_low = 1.402;
  records[1].unet_speedup_high = 1.43;
  records[1].multiply_adds_ratio = 1.35;
  records[1].psnr_to_full = 24.06;
  records[1].num_rounds = 8;
  return records;
}

TEST(RunTable, ASpeedupStandsWithItsIntervalAndItsRounds) {
  const std::string text = format_runs(some_records(), "table");
  EXPECT_THAT(text, HasSubstr("1.42 [1.40, 1.43]"));
  EXPECT_THAT(text, HasSubstr("1.35x fewer"));
  EXPECT_THAT(text, HasSubstr("24.1 dB"));
  EXPECT_THAT(text, HasSubstr("median over 8 interleaved rounds"));
  EXPECT_THAT(text, Not(HasSubstr("note:")));
}

TEST(RunTable, SaysWhichRunNeverReusedAnything) {
  std::vector<RunRecord> records = some_records();
  records[1].reused = false;
  EXPECT_THAT(format_runs(records, "table"), HasSubstr("never reused anything"));
}

TEST(RunTable, SaysThatThereIsNoBaseline) {
  std::vector<RunRecord> records = some_records();
  records.erase(records.begin());
  EXPECT_THAT(format_runs(records, "table"), HasSubstr("no plain run of strategy 'full'"));
}

TEST(RunTable, MarkdownHasALineForEachRun) {
  const std::string text = format_runs(some_records(), "md");
  EXPECT_THAT(text, HasSubstr("| --- |"));
  EXPECT_THAT(text, HasSubstr("| full |"));
}

TEST(RunTable, CsvQuotesAndKeepsAllFields) {
  const std::string text = format_runs(some_records(), "csv");
  EXPECT_THAT(text, HasSubstr("\"encoder, \"\"best\"\"\""));
  EXPECT_THAT(text, testing::StartsWith("name,strategy,execution,key_steps,"));
}

TEST(RunTable, JsonHoldsNullForWhatWasNotMeasured) {
  const auto json = nlohmann::json::parse(format_runs(some_records(), "json"));
  ASSERT_EQ(json.size(), 2u);
  EXPECT_EQ(json[0].size(), run_fields().size());
  EXPECT_TRUE(json[0]["total_s"].is_null());
  EXPECT_EQ(json[1]["num_rounds"], 8);
}

TEST(RunTable, RefusesAnotherFormat) { EXPECT_THROW(format_runs(some_records(), "xml"), Error); }

TEST(FormatRuns, TakesTextThatIsNotUtf8) {
  RunRecord record;
  record.name = "a\xff";
  for (const std::string& format : table_formats()) {
    EXPECT_NE(format_runs(std::span(&record, 1), format), "") << format;
  }
}

}  // namespace
}  // namespace fdbench
