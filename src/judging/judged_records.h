// Scores of each run of a sweep from what the judges saw, with intervals of the differences
// between a run and its baseline on the same prompts and seeds.
#pragma once

#include <optional>
#include <vector>

#include "config/experiment.h"
#include "core/progress.h"
#include "metrics/judged_set.h"
#include "results/run_fields.h"
#include "results/unit_file.h"

namespace fdbench {

class JudgedRuns {
 public:
  /// write: of the resampling.
  JudgedRuns(const JudgeSettings& judges, std::size_t num_runs, ProgressWriter write);

  /// Takes the judged arrays of a chunk of pictures, chunks in their order.
  void add(std::size_t run, const Arrays& arrays);
  /// Fills the record's scores; baseline: index of the run to compare with, -1: none.
  void summarise(RunRecord& record, std::size_t run, int baseline);
  /// What a reader of the scores must know (`score_warnings`).
  std::vector<std::string> warnings() const;

 private:
  struct Columns {
    std::vector<at::Tensor> features, clip_score, objects_right, picture_right, control_f1,
        control_precision, control_recall;
    std::optional<double> fid;
    std::vector<double> resampled_fids;
  };
  void add_distances(RunRecord& record, std::size_t run, int baseline);
  /// The run's columns, with its FID and resampled ones, which are computed once.
  const Columns& with_fids(std::size_t run);

  JudgeSettings judges_;
  ProgressWriter write_;
  std::optional<JudgedSet> reference_;
  std::vector<Columns> runs_;
};

}  // namespace fdbench
