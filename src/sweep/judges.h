// Looks at the pictures of a work unit as they are made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "metrics/clip_judge.h"
#include "metrics/feature_network.h"
#include "metrics/scene_reader.h"
#include "results/unit_file.h"
#include "sweep/experiment.h"
#include "sweep/settings.h"

namespace fdbench {

/// Names of the arrays that judges add to a `pictures` unit; n pictures.
namespace judged_arrays {
inline constexpr const char* kFeatures = "/judged/features";      // [n, d] for FID and its kin
inline constexpr const char* kClipScore = "/judged/clip_score";   // [n] float64
inline constexpr const char* kObjects = "/judged/objects_right";  // [n] float64, share of objects
inline constexpr const char* kWhole = "/judged/picture_right";    // [n] float64, 0 or 1
}  // namespace judged_arrays

class SweepJudges {
 public:
  /// Loads what the experiment's `judges` name. Throws errors at their place in the config, also
  /// where prompts come without the scenes that a scene reader compares with.
  explicit SweepJudges(const Experiment& experiment);

  /// Adds judged_arrays of the pictures `first`, `first` + 1, ... of the sweep to a unit's arrays.
  void judge(Arrays& arrays, std::int64_t first) const;

 private:
  const Experiment& experiment_;
  std::unique_ptr<ClipJudge> clip_;
  std::unique_ptr<FeatureNetwork> network_;
  std::unique_ptr<SceneReader> reader_;
  std::vector<ExpectedScene> scenes_;
};

/// What pictures are judged by: hashes of the networks' and the reference's files, without loading
/// them. Empty without judges.
Settings judge_settings(const JudgeSettings& judges);

}  // namespace fdbench
