// Looks at the pictures of a work unit as they are made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/experiment.h"
#include "judging/control_judge.h"
#include "metrics/clip_judge.h"
#include "metrics/feature_network.h"
#include "metrics/judged_set.h"
#include "metrics/scene_reader.h"
#include "metrics/scorer.h"
#include "results/settings.h"
#include "results/unit_arrays.h"
#include "results/unit_file.h"
#include "tasks/text_to_image.h"

namespace fdbench {

class SweepJudges {
 public:
  /// Loads what the experiment's `judges` name. Throws errors at their place in the config, before
  /// anything is computed: for what cannot be loaded, for prompts without the scenes that a scene
  /// reader or the control pictures that control_f1 compares with, pictures of a size that it
  /// cannot read, scorers that do not give a number a picture, and for a reference that another
  /// network has seen, that holds other dimensions, that lacks what a named metric needs, or that
  /// there are too few pictures for. experiment: outlives the judges. picture: height and width of
  /// the sweep's pictures [pixels].
  SweepJudges(const Experiment& experiment, PictureSize picture);

  /// Adds judged_arrays of the pictures `first`, `first` + 1, ... of the sweep to a unit's arrays.
  /// Throws a runtime error that names the picture where a judge gives what is not a number.
  void judge(Arrays& arrays, std::int64_t first) const;

 private:
  /// Throws where the judge sees another number of features in a picture than the reference holds.
  void check_dimension(PictureSize picture, std::int64_t of_reference) const;
  /// Throws where a scorer does not give a number a picture of this size.
  void check_scorers(PictureSize picture) const;
  /// images: [n, h, w, 3] uint8 of the pictures from `first` on -> [n, V] float64.
  at::Tensor scores(const at::Tensor& images, std::int64_t first) const;

  const Experiment& experiment_;
  std::unique_ptr<ClipJudge> clip_;
  std::unique_ptr<FeatureNetwork> network_;
  std::vector<Scorer> scorers_;
  std::unique_ptr<SceneReader> reader_;
  std::vector<ExpectedScene> scenes_;
  std::optional<ControlJudge> control_;
};

/// The metrics that the reference allows: those that the config names, else those of the defaults
/// that can be had from it; what is left out is a note. Throws a usage error where a named one
/// cannot be had.
std::vector<std::string> metrics_against(const JudgeSettings& judges, const JudgedSet& reference);

/// `JudgedSet::network` of the features that `judges` make: the network's, else CLIP's; "" for
/// neither.
std::string feature_judge_hash(const JudgeSettings& judges);

/// The value of one of the settings of judges: hashes of files, without loading the networks in
/// them. Nothing for what was not asked for, and for any other setting.
std::optional<SettingValue> judge_setting(Setting setting, const JudgeSettings& judges);

}  // namespace fdbench
