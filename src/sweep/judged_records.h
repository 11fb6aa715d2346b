// Scores of each run of a sweep from what the judges saw, with intervals of the differences
// between a run and its baseline on the same prompts and seeds.
#pragma once

#include <optional>
#include <vector>

#include "metrics/judged_set.h"
#include "results/run_fields.h"
#include "results/unit_file.h"
#include "sweep/experiment.h"

namespace fdbench {

class JudgedRuns {
 public:
  JudgedRuns(const JudgeSettings& judges, std::size_t num_runs);

  /// Takes the judged arrays of a chunk of pictures, chunks in their order.
  void add(std::size_t run, const Arrays& arrays);
  /// Fills the record's scores; baseline: index of the run to compare with, -1: none. Throws at the
  /// place of `judges` where the reference does not fit the features.
  void summarise(RunRecord& record, std::size_t run, int baseline) const;

 private:
  struct Columns {
    std::vector<at::Tensor> features, clip_score, objects_right, picture_right;
  };
  void add_distances(RunRecord& record, std::size_t run, int baseline) const;

  JudgeSettings judges_;
  std::optional<JudgedSet> reference_;
  std::vector<Columns> runs_;
};

}  // namespace fdbench
