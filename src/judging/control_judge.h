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
  /// Throws usage errors for a prompt without the control picture that is asked for, and for one
  /// that is of another size than the sweep's pictures or transparent. picture: their size.
  ControlJudge(const Experiment& experiment, PixelSize picture);

  /// Adds judged_arrays::kControlF1, kControlPrecision and kControlRecall of the pictures `first`,
  /// `first` + 1, ... of the sweep to a unit's arrays.
  void judge(Arrays& arrays, std::int64_t first) const;

 private:
  /// What the network was shown for a prompt as edges, [h, w] bool.
  at::Tensor drawn(std::size_t picture) const;

  EdgeOptions options_;
  PictureSize size_;
  /// As the network's own.
  ControlPreprocessing preprocessing_;
  /// One a prompt.
  std::vector<std::filesystem::path> controls_;
};

/// The judge's setting: thresholds, tolerance, and the hash of the control pictures; nothing where
/// it was not asked for.
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
