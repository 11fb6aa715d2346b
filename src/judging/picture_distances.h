// Distances of each run's pictures from those of its baseline, the same prompts and seeds.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "core/progress.h"
#include "metrics/clip_judge.h"
#include "results/run_fields.h"
#include "results/unit_file.h"

namespace fdbench {

class PictureDistances {
 public:
  /// Loads the CLIP folder of `judges` for the perceptual distance, where they want one.
  /// write: of CLIP's looks.
  PictureDistances(const JudgeSettings& judges, std::size_t num_runs, std::int64_t num_pictures = 0,
                   ProgressWriter write = {});

  /// The datasets that `add` fills.
  std::vector<std::string> datasets() const;
  /// arrays, reference: `pictures` units of the same pictures, of a run and of its baseline, chunks
  /// in their order -> [n] float64 by dataset.
  std::map<std::string, at::Tensor> add(std::size_t run, const Arrays& arrays,
                                        const Arrays& reference);
  /// Fills the record's distances; a run without any keeps its record as it is.
  void summarise(RunRecord& record, std::size_t run) const;

 private:
  /// What CLIP sees in a part of the baseline's pictures; kept for the next run as memory allows.
  const std::vector<at::Tensor>& states_of(const at::Tensor& reference, std::size_t part);
  at::Tensor perceptual(const at::Tensor& images, const at::Tensor& reference);

  int bootstrap_;
  std::unique_ptr<ClipJudge> clip_;
  Progress progress_;
  /// Pictures of all runs.
  std::int64_t done_ = 0;
  /// Pictures that `states_` are of.
  at::Tensor seen_;
  /// By part.
  std::map<std::size_t, std::vector<at::Tensor>> states_;
  /// By dataset, a chunk each.
  std::vector<std::map<std::string, std::vector<at::Tensor>>> runs_;
};

}  // namespace fdbench
