#include "results/run_fields.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace fdbench {
namespace {

TEST(RunFields, NamesAreUniqueAndExplained) {
  std::set<std::string> names;
  for (const RunField& field : run_fields()) {
    EXPECT_TRUE(names.insert(field.column.name).second) << field.column.name;
    EXPECT_FALSE(field.column.help.empty()) << field.column.name;
    const bool shown = field.display != Display::kHidden;
    EXPECT_EQ(shown, std::string(field.heading) != "") << field.column.name;
  }
}

TEST(RunFields, ASpeedupIsFollowedByItsInterval) {
  const auto fields = run_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].display != Display::kSpeedup) continue;
    EXPECT_EQ(fields[i + 1].column.name, fields[i].column.name + "_low");
    EXPECT_EQ(fields[i + 2].column.name, fields[i].column.name + "_high");
  }
}

TEST(RunFields, RecordsSurviveTheTable) {
  RunRecord record;
  record.name = "encoder/sequential";
  record.num_steps = 50;
  record.unet_s = 0.25;
  record.reused = true;
  const std::vector<RunRecord> read = run_records(to_table(std::vector{record}));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].name, record.name);
  EXPECT_EQ(read[0].num_steps, 50);
  EXPECT_EQ(read[0].unet_s, 0.25);
  EXPECT_TRUE(read[0].reused);
  EXPECT_TRUE(std::isnan(read[0].unet_speedup));
}

TEST(RunFields, ATableOfAnotherVersionKeepsDefaults) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", ""},
                   {"novelty", ColumnType::kReal, "", ""},
                   {"num_steps", ColumnType::kReal, "", ""}};
  table.rows = {{std::string("full"), 3.0, 50.0}};
  const std::vector<RunRecord> read = run_records(table);
  EXPECT_EQ(read[0].name, "full");
  EXPECT_EQ(read[0].num_steps, kNotCounted);  // of another type: not taken
}

}  // namespace
}  // namespace fdbench
