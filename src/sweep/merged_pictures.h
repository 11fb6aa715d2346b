// The pictures of a sweep on their way from work units into the result file.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "judging/judged_records.h"
#include "judging/picture_distances.h"
#include "judging/predicted_distances.h"
#include "judging/scored_runs.h"
#include "results/result_writer.h"
#include "results/run_fields.h"
#include "results/unit_arrays.h"
#include "sweep/assemble.h"

namespace fdbench {

/// Pictures whose pixels the result holds.
std::int64_t kept_pictures(const Experiment& experiment);

/// Writes what units of pictures hold, compares them with the baseline's, and gathers what records
/// say of them.
class MergedPictures {
 public:
  /// Creates the arrays. first_unit: tells which ones there are. records: one a run, which are
  /// completed. All are referred to.
  MergedPictures(const SweepFacts& facts, const UnitFolder& folder, const Arrays& first_unit,
                 ResultWriter& writer, std::vector<RunRecord>& records);

  /// chunk: the units of the pictures `first` and following, one a run.
  void add(std::int64_t first, const std::vector<const WorkUnit*>& chunk);
  /// Completes the record of a run after all chunks. baseline: a run, or -1.
  void summarise(std::size_t run, int baseline);
  /// After all chunks.
  void write_scores();
  /// What belongs beside the runs.
  std::vector<std::string> warnings() const { return judged_.warnings(); }

 private:
  void create_arrays(const Arrays& first_unit);
  void take_grid(int run, const Arrays& arrays);
  void write_pictures(const WorkUnit& unit, const Arrays& arrays);
  void write_features(const WorkUnit& unit, const Arrays& arrays);
  void take_traced(const WorkUnit& unit, const Arrays& arrays);
  void write_similarity(std::size_t run);
  PredictedPictures predicted_pictures(int run, const Arrays& arrays) const;
  void write_predicted(const WorkUnit& unit, const Arrays& arrays, const Arrays& reference);
  void write_distances(const WorkUnit& unit, const Arrays& arrays, const Arrays& reference);

  const PreparedSweep& sweep_;
  const UnitFolder& folder_;
  ResultWriter& writer_;
  std::vector<RunRecord>& records_;
  bool keeps_features_;
  PictureDistances distances_;
  JudgedRuns judged_;
  ScoredRuns scored_;
  /// By run and array: sum over pictures [B, S, S], and how many they were.
  struct Sum {
    at::Tensor values;
    std::int64_t count = 0;
  };
  std::vector<std::map<std::string, Sum>> similarity_;
};

}  // namespace fdbench
