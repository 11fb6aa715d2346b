#include "judging/scored_runs.h"

#include <gtest/gtest.h>

#include <cmath>

#include "results/unit_arrays.h"

namespace fdbench {
namespace {

double number(const RecordTable& table, std::size_t row, const std::string& name) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].name == name) return std::get<double>(table.rows[row][i]);
  }
  ADD_FAILURE() << "no column " << name;
  return 0;
}

TEST(ScoredRuns, CountWinsOverAllChunks) {
  JudgeSettings judges;
  judges.scorers.resize(1);
  judges.scorers[0].name = "s";
  ScoredRuns scored(judges, 2);
  const auto chunk = [](const std::vector<double>& values) {
    return Arrays{{judged_arrays::kScores, at::tensor(values, at::kDouble).view({-1, 1})}};
  };
  scored.add(0, chunk({1, 2, 3}));
  scored.add(1, chunk({2, 2, 1}));
  scored.add(0, chunk({5}));
  scored.add(1, chunk({6}));
  const RecordTable table = scored.table({{"full", 0}, {"e", 0}});
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(number(table, 0, "mean"), 11.0 / 4);
  EXPECT_TRUE(std::isnan(number(table, 0, "win_rate")));
  // Two are above, one is equal, one below.
  EXPECT_EQ(number(table, 1, "win_rate"), 2.5 / 4);
  EXPECT_EQ(number(table, 1, "change"), 0);
  EXPECT_LE(number(table, 1, "win_rate_low"), 2.5 / 4);
  EXPECT_GE(number(table, 1, "win_rate_high"), 2.5 / 4);
}

// Against scipy.stats.binomtest(count, n).proportion_ci(method="wilson").
TEST(WinRate, HasWilsonsInterval) {
  const Score some = win_rate(at::tensor({1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0}));
  EXPECT_DOUBLE_EQ(some.value, 0.7);
  EXPECT_NEAR(some.low, 0.396778, 1e-6);
  EXPECT_NEAR(some.high, 0.892209, 1e-6);
  const Score none = win_rate(at::zeros({4}, at::kDouble));
  EXPECT_EQ(none.value, 0);
  EXPECT_EQ(none.low, 0);
  EXPECT_NEAR(none.high, 0.489891, 1e-6);
  EXPECT_TRUE(std::isnan(win_rate({}).value));
}

TEST(ScoredRuns, WithoutScorersThereIsNoTable) {
  ScoredRuns scored({}, 1);
  scored.add(0, {});
  EXPECT_TRUE(scored.table({{"full", -1}}).rows.empty());
}

}  // namespace
}  // namespace fdbench
