// A sweep as its config file states it, typed and checked as far as possible without the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/config_tree.h"
#include "config/prompt_options.h"
#include "execution/executor.h"
#include "execution/noise_injection.h"
#include "io/architectures.h"
#include "metrics/feature_network.h"
#include "plan/strategies.h"

namespace fdbench {

struct SamplerChoice {
  std::string name;        // "": the one of the model folder
  nlohmann::json options;  // object: overrides of the folder's scheduler_config.json
  Place place;             // in the config file
  std::map<std::string, Place> option_places;
};

/// One run: a strategy with all that it depends on.
struct RunSpec {
  std::string name;
  StrategyOptions strategy;
  Execution execution = Execution::kSequential;
  int max_parallel = 0;  // 0: no cap
  /// `execution: auto` was asked for, and execution and max_parallel are what was measured.
  bool auto_execution = false;
  ExactSavings savings;
  TokenMerging tome;
  NoiseInjection noise_injection;  // resolved
  int num_steps = 50;
  SamplerChoice sampler;
  std::string baseline;  // name of the run that speedup and distances refer to; "": by the rule of
                         // Experiment::baseline_of
  Place place;           // in the config file

  /// Strategy `full`, no token merging, no noise injection.
  bool is_plain() const;
};

/// Which methods get the plain sampler with as many steps as fit into their time.
struct EqualTime {
  bool all = false;
  std::vector<std::string> runs;  // by name

  bool wanted() const { return all || !runs.empty(); }
};

struct FeatureSettings {
  bool enabled = true;
  std::string detail = "block";  // or "layer"
};

struct PictureSettings {
  int chunk = 8;  // pictures of a work unit
  int batch = 1;  // pictures denoised together; rounding may depend on it, so it is part of what
                  // determines a result
  int keep = -1;  // decoded pictures kept per run; -1: all
};

struct TimingSettings {
  int warmup = 1;         // pictures of each run before the first round
  int rounds = 8;         // at most, where `until` may end it sooner
  int fewest_rounds = 0;  // before `until` is looked at
  double until = 0;       // half width of every speedup's interval, a share of it; 0: all rounds
  int rounds_per_process = 0;  // each process of its own times that many; 0: all in one

  /// True when the measurement decides how many rounds there are.
  bool is_open() const { return until > 0; }
};

/// Who looks at the pictures; empty paths: nobody.
struct JudgeSettings {
  std::filesystem::path clip;       // a CLIPModel folder
  std::filesystem::path network;    // a TorchScript file, run only because it is named here
  PictureProtocol protocol;         // how pictures reach it
  std::filesystem::path reference;  // .npz of the network's (without one: CLIP's) features
  std::filesystem::path scenes;     // folder of a scene reader
  std::vector<std::string> metrics = {"fid", "kid", "precision", "recall"};
  bool metrics_named = false;  // in the config: then each must be had from the reference
  int bootstrap = 200;         // resamples of the intervals
  bool keep_features = false;  // of every picture, in the result
  bool perceptual = true;      // with `clip`: distance to the baseline's pictures by its states
  Place place;                 // in the config file

  bool wanted() const { return !clip.empty() || !network.empty() || !scenes.empty(); }
};

struct Experiment {
  std::string name;
  ModelSource model;
  Place model_place;  // in the config file
  std::string device = "cpu";
  std::string dtype = "float32";
  int threads = 0;        // 0: all
  std::vector<int> cpus;  // that the process may run on; empty: all that it was given
  std::uint64_t seed = 0;
  std::vector<std::string> captions;
  std::vector<nlohmann::json> scenes;  // what each caption describes; null where it is not known
  PromptOptions prompt_options;
  double guidance_scale = 7.5;
  FeatureSettings features;
  PictureSettings pictures;
  TimingSettings timing;
  EqualTime equal_time;
  JudgeSettings judges;
  std::vector<RunSpec> runs;
  std::int64_t latent_height = 0, latent_width = 0;  // 0: the model's sample_size

  std::filesystem::path config_path;
  std::string config_text;  // of the file, with --set applied

  /// Index of the first plain run; -1 when there is none.
  int baseline() const;
  /// Index of the run that speedup and distances of run `run` refer to: the one it names, else the
  /// first plain run with its sampler, else the first plain run; -1 when there is none.
  int baseline_of(int run) const;
  std::int64_t num_pictures() const { return static_cast<std::int64_t>(captions.size()); }
};

/// Reads a config file and applies the assignments of --set. All faults are usage errors that name
/// the place.
Experiment load_experiment(const std::filesystem::path& path,
                           const std::vector<std::string>& assignments);

/// The same of the text that a result or a part of a sweep keeps (`config_text`); path: where it
/// came from, for messages and for paths in it.
Experiment experiment_of_text(const std::string& text, const std::filesystem::path& path);

/// "50 49 48": the paper's downward count.
std::string key_steps_text(const KeySteps& key_steps);

}  // namespace fdbench
