#include "judging/scored_runs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "results/unit_arrays.h"

namespace fdbench {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The columns of a mean with its interval.
void add_columns(std::vector<Column>& columns, const std::string& name, const std::string& help) {
  columns.push_back({name, ColumnType::kReal, "", help});
  columns.push_back({name + "_low", ColumnType::kReal, "", "95% interval, lower end"});
  columns.push_back({name + "_high", ColumnType::kReal, "", "95% interval, upper end"});
}

void add_score(std::vector<FieldValue>& row, const Score& score) {
  for (const double value : {score.value, score.low, score.high}) row.emplace_back(value);
}

/// values: undefined where nothing was measured.
Score mean_of(const at::Tensor& values, int bootstrap) {
  return values.defined() ? mean_score("", values, {bootstrap, 0}) : Score{"", kNan};
}

}  // namespace

ScoredRuns::ScoredRuns(const JudgeSettings& judges, std::size_t num_runs)
    : bootstrap_(judges.bootstrap), scores_(num_runs) {
  for (const ScorerSettings& scorer : judges.scorers) names_.push_back(scorer.name);
}

void ScoredRuns::add(std::size_t run, const Arrays& arrays) {
  const auto found = arrays.find(judged_arrays::kScores);
  if (found != arrays.end()) scores_.at(run).push_back(found->second);
}

RecordTable ScoredRuns::table(const std::vector<ScoredRun>& runs) const {
  RecordTable table;
  table.columns = {{"run", ColumnType::kText, "", "name of the run"},
                   {"scorer", ColumnType::kText, "", "name of the scorer"},
                   {"num_pictures", ColumnType::kInt, "", "pictures that were scored"}};
  add_columns(table.columns, "mean", "mean over pictures");
  add_columns(table.columns, "change", "minus the baseline's of the same prompts and seeds, mean");
  add_columns(table.columns, "win_rate", "share of pictures above the baseline's, equal ones half");
  for (std::size_t run = 0; run < runs.size(); ++run) {
    if (scores_[run].empty()) continue;
    const at::Tensor own = at::cat(scores_[run], 0);
    const int baseline = runs[run].baseline;
    const bool is_compared = baseline >= 0 && baseline != static_cast<int>(run);
    at::Tensor other;
    if (is_compared) other = at::cat(scores_.at(static_cast<std::size_t>(baseline)), 0);
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto column = static_cast<std::int64_t>(i);
      const at::Tensor scores = own.select(1, column);
      at::Tensor change, won;
      if (is_compared) {
        change = scores - other.select(1, column);
        won = wins(scores, other.select(1, column));
      }
      std::vector<FieldValue> row = {runs[run].name, names_[i], own.size(0)};
      for (const at::Tensor& values : {scores, change}) add_score(row, mean_of(values, bootstrap_));
      add_score(row, win_rate(won));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Score win_rate(const at::Tensor& wins) {
  if (!wins.defined()) return {"", kNan};
  // Of the normal distribution, for 95%.
  constexpr double kQuantile = 1.959963984540054;
  const auto count = static_cast<double>(wins.numel());
  const double rate = wins.mean().item<double>();
  const double square = kQuantile * kQuantile / count;
  const double middle = (rate + square / 2) / (1 + square);
  const double reach =
      kQuantile / (1 + square) * std::sqrt(rate * (1 - rate) / count + square / (4 * count));
  return {"", rate, std::max(middle - reach, 0.0), std::min(middle + reach, 1.0)};
}

at::Tensor wins(const at::Tensor& own, const at::Tensor& other) {
  return own.gt(other).to(at::kDouble) + 0.5 * own.eq(other).to(at::kDouble);
}

}  // namespace fdbench
