// What preference scorers say of each run, with win rates against the baseline's pictures of the
// same prompts and seeds (Table 15).
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "config/experiment.h"
#include "metrics/scores.h"
#include "results/record_table.h"
#include "results/unit_file.h"

namespace fdbench {

/// A run that is scored, with the one that it is compared with.
struct ScoredRun {
  std::string name;
  /// Index, -1: none.
  int baseline = -1;
};

class ScoredRuns {
 public:
  ScoredRuns(const JudgeSettings& judges, std::size_t num_runs);

  /// Takes judged_arrays::kScores of a chunk of pictures, chunks in their order.
  void add(std::size_t run, const Arrays& arrays);
  /// A row a run and scorer: run, scorer, num_pictures; mean; change: minus the baseline's on the
  /// same prompts and seeds; win_rate: share of them on which it is above the baseline, equal ones
  /// half; each with its 95% interval (_low, _high; by bootstrap, the win rate's by win_rate). What
  /// a baseline has not with itself is NaN. Empty without scorers.
  RecordTable table(const std::vector<ScoredRun>& runs) const;

 private:
  std::vector<std::string> names_;
  int bootstrap_;
  /// By run, [n, V] a chunk.
  std::vector<std::vector<at::Tensor>> scores_;
};

/// 1 where `own` is above `other`, 1/2 where both are equal, else 0. [n] each -> [n] float64.
at::Tensor wins(const at::Tensor& own, const at::Tensor& other);

/// Their mean with Wilson's 95% interval (1927), which stays wide where all of a few pictures win;
/// NaN for an undefined tensor. wins: [n].
Score win_rate(const at::Tensor& wins);

}  // namespace fdbench
