// A sweep as its config file states it, typed and checked as far as possible without the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/class_config.h"
#include "config/config_tree.h"
#include "config/control_config.h"
#include "config/prompt_options.h"
#include "execution/executor.h"
#include "execution/noise_injection.h"
#include "folders/architectures.h"
#include "metrics/edge_agreement.h"
#include "metrics/scorer.h"
#include "plan/strategies.h"
#include "plan/variant.h"

namespace fdbench {

struct SamplerChoice {
  /// "": the one of the model folder.
  std::string name;
  /// Object: overrides of the folder's scheduler_config.json.
  nlohmann::json options;
  /// In the config file.
  Place place;
  std::map<std::string, Place> option_places;
};

/// One run: a strategy with all that it depends on.
struct RunSpec {
  std::string name;
  StrategyOptions strategy;
  Execution execution = Execution::kSequential;
  /// 0: no cap.
  int max_parallel = 0;
  /// `execution: auto` was asked for, and execution and max_parallel are what was measured.
  bool auto_execution = false;
  ExactSavings savings;
  TokenMerging tome;
  /// Whose reading of the method: it chose key steps by name and the noise injection.
  Variant variant = Variant::kPaper;
  /// Resolved.
  NoiseInjection noise_injection;
  int num_steps = 50;
  SamplerChoice sampler;
  /// Not of the config, but added by `equal_time`.
  bool added = false;
  /// Name of the run that speedup and distances refer to; "": by the rule of
  /// Experiment::baseline_of.
  std::string baseline;
  /// In the config file.
  Place place;
  /// Of a cascade: stages that this run treats otherwise, by name.
  std::map<std::string, RunSpec> stages = {};

  /// Strategy `full`, no token merging, no noise injection; all stages.
  bool is_plain() const;
  /// What the stage does in this run.
  const RunSpec& of_stage(const std::string& stage) const;
};

/// Which methods get the plain sampler with as many steps as fit into their time.
struct EqualTime {
  bool all = false;
  /// By name.
  std::vector<std::string> runs;

  bool wanted() const { return all || !runs.empty(); }
};

/// Pictures whose steps are compared with each other, where nothing else is said.
inline constexpr int kUsualTracedPictures = 4;

/// Steps of a run that are drawn.
struct DrawnSteps {
  /// Counted downward; empty: ten, evenly spaced.
  std::vector<int> counted;
  /// In the config file.
  Place place;
};

/// Principal components of features as pictures.
struct PcaSettings {
  /// The first ones of each run; 0: off.
  int pictures = 0;
  /// Names of what is watched; empty: all.
  std::vector<std::string> blocks;
  DrawnSteps steps;
  /// In the config file.
  Place blocks_place;
};

/// The map of similarity of a run's steps.
struct SimilaritySettings {
  /// The first ones of each run; 0: off.
  int pictures = 0;
};

struct FeatureSettings {
  bool enabled = true;
  /// Or "layer".
  std::string detail = "block";
  PcaSettings pca;
  SimilaritySettings similarity;
};

/// Pictures along the steps: the sampler's own estimates of the picture without noise.
struct PredictedSettings {
  /// The first ones of each run; 0: off.
  int pictures = 0;
  DrawnSteps steps;
};

struct PictureSettings {
  /// Pictures of a work unit.
  int chunk = 8;
  /// Pictures denoised together; rounding may depend on it, so it is part of what determines a
  /// result.
  int batch = 1;
  /// Decoded pictures kept per run; -1: all.
  int keep = -1;
  PredictedSettings predicted;
};

struct TimingSettings {
  /// Pictures of each run before the first round.
  int warmup = 1;
  /// At most, where `until` may end it sooner.
  int rounds = 8;
  /// Before `until` is looked at.
  int fewest_rounds = 0;
  /// Half width of every speedup's interval, a share of it; 0: all rounds.
  double until = 0;
  /// Each process of its own times that many; 0: all in one.
  int rounds_per_process = 0;

  /// True when the measurement decides how many rounds there are.
  bool is_open() const { return until > 0; }
};

struct ControlJudgeSettings {
  EdgeOptions edges;
  /// Which of a prompt's control pictures, from 0 on.
  std::int64_t control = 0;
};

/// Who looks at the pictures; empty paths: nobody.
struct JudgeSettings {
  /// A CLIPModel folder.
  std::filesystem::path clip;
  /// A TorchScript file, run only because it is named here.
  std::filesystem::path network;
  /// How pictures reach it.
  PictureProtocol protocol;
  /// .npz of the network's (without one: CLIP's) features.
  std::filesystem::path reference;
  /// Folder of a scene reader.
  std::filesystem::path scenes;
  /// Of human preference.
  std::vector<ScorerSettings> scorers;
  /// Do edges follow those of the prompts' control pictures?
  std::optional<ControlJudgeSettings> control_f1;
  std::vector<std::string> metrics = {"fid", "kid", "precision", "recall"};
  /// In the config: then each must be had from the reference.
  bool metrics_named = false;
  /// Resamples of the intervals.
  int bootstrap = 200;
  /// Of every picture, in the result.
  bool keep_features = false;
  /// With `clip`: distance to the baseline's pictures by its states.
  bool perceptual = true;
  /// In the config file.
  Place place;

  bool wanted() const {
    return !clip.empty() || !network.empty() || !scenes.empty() || !scorers.empty() || control_f1;
  }
};

/// A stage of the model: of most models there is one.
struct StageSettings {
  /// "" where there is one alone.
  std::string name;
  ModelSource model;
  double guidance_scale = 7.5;
};

struct Experiment {
  std::string name;
  /// One, or those of a cascade in their order.
  std::vector<StageSettings> stages;
  /// In the config file.
  Place model_place;
  std::string device = "cpu";
  std::string dtype = "float32";
  /// 0: all.
  int threads = 0;
  /// Processors that the process may run on; empty: all that it was given.
  std::vector<int> cpus;
  std::uint64_t seed = 0;
  /// The key that says what pictures are drawn of: kPromptsKey or kClassesKey.
  std::string drawn_from = kPromptsKey;
  /// In the config file.
  Place content_place;
  /// Or classes, by number or name.
  std::vector<std::string> captions;
  /// What each caption describes; null where it is not known.
  std::vector<nlohmann::json> scenes;
  /// Control pictures of each caption; empty: none has any.
  std::vector<std::vector<std::filesystem::path>> control_pictures;
  PromptOptions prompt_options;
  /// Of a model of one stage.
  ControlSettings controls;
  /// Where a stage has none of its own.
  double guidance_scale = 7.5;
  FeatureSettings features;
  PictureSettings pictures;
  TimingSettings timing;
  EqualTime equal_time;
  JudgeSettings judges;
  std::vector<RunSpec> runs;
  /// 0: the model's sample_size.
  std::int64_t latent_height = 0, latent_width = 0;

  std::filesystem::path config_path;
  /// Of the file, with --set applied.
  std::string config_text;

  /// Index of the first plain run; -1 when there is none.
  int baseline() const;
  /// Index of the run that speedup and distances of run `run` refer to: the one it names, else the
  /// first plain run with its sampler, else the first plain run; -1 when there is none.
  int baseline_of(int run) const;
  std::int64_t num_pictures() const { return static_cast<std::int64_t>(captions.size()); }
};

/// Reads a config file and applies the assignments of --set. task: of a file with `tasks`
/// (config/task_config.h). All faults are usage errors that name the place.
Experiment load_experiment(const std::filesystem::path& path,
                           const std::vector<std::string>& assignments,
                           const std::string& task = "");

/// Tasks of a config file with the assignments of --set; none where it is one sweep.
std::vector<std::string> load_task_names(const std::filesystem::path& path,
                                         const std::vector<std::string>& assignments);

/// The same of the text that a result or a part of a sweep keeps (`config_text`); path: where it
/// came from, for messages and for paths in it.
Experiment experiment_of_text(const std::string& text, const std::filesystem::path& path);

/// "50 49 48": the paper's downward count.
std::string key_steps_text(const KeySteps& key_steps);

}  // namespace fdbench
