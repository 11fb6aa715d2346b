// Do pictures still follow the control pictures that they were made with?
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "config/experiment.h"
#include "judging/picture_source.h"
#include "metrics/scores.h"
#include "results/settings.h"
#include "results/unit_file.h"
#include "tasks/control_pictures.h"

namespace fdbench {

/// Of a sweep, as its pictures are made.
class ControlJudge {
 public:
  /// Throws usage errors for a sweep without control networks or without the one that is asked for,
  /// and what load_control_picture throws. picture: size of the sweep's pictures [pixels].
  ControlJudge(const Experiment& experiment, PictureSize picture);

  /// Adds judged_arrays::kControlF1, kControlPrecision and kControlRecall of the pictures `first`,
  /// `first` + 1, ... of the sweep to a unit's arrays.
  void judge(Arrays& arrays, std::int64_t first) const;

 private:
  EdgeOptions options_;
  PictureSize picture_;
  ControlPreprocessing preprocessing_;
  /// One for all prompts, or one each.
  std::vector<std::filesystem::path> controls_;
};

/// The judge's setting: thresholds and tolerance (the control pictures are settings of the
/// prompts); nothing where it was not asked for.
std::optional<SettingValue> control_judge_setting(const Experiment& experiment);

/// control_f1, control_precision, control_recall: of `fdbench judge`.
const std::vector<std::string>& control_score_names();
bool is_control_score(const std::string& name);

/// Throws a usage error for a folder's picture that is transparent somewhere.
void check_opaque(const PictureSource& controls);

/// Means over the pictures, in the order of `names`, with bootstrap intervals. Both sources are in
/// one order (match_pairs), and `controls` are drawn white on black.
std::vector<Score> control_scores(PictureSource pictures, PictureSource controls,
                                  const std::vector<std::string>& names, const EdgeOptions& edges,
                                  const ScoreOptions& options);

}  // namespace fdbench
