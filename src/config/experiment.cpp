#include "config/experiment.h"

#include <sched.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "config/config_reader.h"
#include "config/feature_config.h"
#include "config/judge_config.h"
#include "config/latent_config.h"
#include "config/noise_injection_config.h"
#include "config/picture_config.h"
#include "config/prompt_config.h"
#include "config/run_config.h"
#include "config/stage_config.h"
#include "config/task_config.h"
#include "config/timing_config.h"
#include "config/tome_config.h"
#include "config/weight_config.h"
#include "core/device.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostSteps = 100'000;

/// Throws a usage error at an entry whose `baseline` no run is named.
void check_baselines(const ConfigValue& value, const std::vector<RunSpec>& runs) {
  std::vector<std::string> names;
  for (const RunSpec& run : runs) names.push_back(run.name);
  for (const ConfigValue& item : value.list()) {
    ConfigMap map(item);
    if (!map.has("baseline")) continue;
    const ConfigValue baseline = map.at("baseline");
    if (std::find(names.begin(), names.end(), baseline.text()) != names.end()) continue;
    throw baseline.error("no run is named '" + baseline.text() + "'" +
                         advice(baseline.text(), names));
  }
}

std::vector<RunSpec> read_runs(const ConfigValue& value, const RunSpec& defaults,
                               const std::vector<StageSettings>& stages) {
  std::vector<RunSpec> runs;
  std::map<std::string, Place> names;
  for (const ConfigValue& item : value.list()) {
    for (RunSpec& run : read_run(item, defaults, stages)) {
      if (!names.emplace(run.name, run.place).second) {
        throw item.error("a second run named '" + run.name + "'; give it a 'name' of its own");
      }
      runs.push_back(std::move(run));
    }
  }
  check_baselines(value, runs);
  return runs;
}

/// Where the pictures are computed, and in which numbers.
void read_machine(ConfigMap& map, Experiment& experiment) {
  if (map.has("device")) {
    const ConfigValue device = map.at("device");
    experiment.device = at_place(device, [&] { return parse_device(device.text()).str(); });
  }
  if (map.has("dtype")) {
    const ConfigValue dtype = map.at("dtype");
    experiment.dtype = at_place(dtype, [&] { return dtype_name(parse_dtype(dtype.text())); });
  }
  if (map.has("threads")) {
    experiment.threads = static_cast<int>(map.at("threads").integer(0, 4096));
  }
  if (map.has("cpus")) {
    for (const ConfigValue& cpu : map.at("cpus").list()) {
      experiment.cpus.push_back(static_cast<int>(cpu.integer(0, CPU_SETSIZE - 1)));
    }
  }
}

std::string read_name(const ConfigValue& value) {
  const std::string name = value.text();
  if (name.find('/') != std::string::npos || name[0] == '.') {
    throw value.error("'name' becomes a file name: no '/', no leading '.'");
  }
  return name;
}

/// `equal_time:` true, false, or the names of runs that have a baseline.
EqualTime read_equal_time(const ConfigValue& value, const Experiment& experiment) {
  EqualTime equal_time;
  if (experiment.stages.size() > 1) {
    throw value.error("'equal_time' gives one sampler fewer steps; a cascade has several");
  }
  if (!value.is_list()) {
    equal_time.all = value.truth();
    if (equal_time.all && experiment.baseline() < 0) {
      throw value.error("'equal_time' needs a plain run of the strategy full to compare with");
    }
    return equal_time;
  }
  std::vector<std::string> names;
  for (const RunSpec& run : experiment.runs) names.push_back(run.name);
  for (const ConfigValue& item : value.list()) {
    const auto found = std::find(names.begin(), names.end(), item.choice(names));
    const int run = static_cast<int>(found - names.begin());
    if (experiment.baseline_of(run) < 0 || experiment.baseline_of(run) == run) {
      throw item.error("the run '" + item.text() + "' has no baseline to spend its time on");
    }
    equal_time.runs.push_back(item.text());
  }
  return equal_time;
}

/// Weights over those of the model, given beside `model:`.
void add_own_weights(ConfigMap& map, Experiment& experiment) {
  const WeightAdditions additions = read_weight_additions(map, experiment.config_path);
  if (additions.empty()) return;
  if (experiment.stages.size() > 1) {
    throw usage_error(experiment.model_place,
                      "a cascade's stages name their own lora, custom_diffusion, embeddings and "
                      "unet, beside their 'folder'");
  }
  ModelSource& model = experiment.stages[0].model;
  model.additions = joined(model.additions, additions, experiment.model_place);
}

/// Prompts, and what control networks are shown with them.
void read_content(ConfigMap& map, Experiment& experiment) {
  const std::filesystem::path& path = experiment.config_path;
  const bool has_classes = map.has(kClassesKey);
  if (has_classes && map.has(kPromptsKey)) {
    throw map.at(kClassesKey).error("'classes' and 'prompts' are both given: use one of them");
  }
  const ConfigValue content = map.at(has_classes ? kClassesKey : kPromptsKey);
  experiment.drawn_from = has_classes ? kClassesKey : kPromptsKey;
  experiment.content_place = content.place();
  PromptList prompts = has_classes ? read_classes(content, path) : read_prompts(content, path);
  if (map.has("controlnet")) {
    const ConfigValue controlnet = map.at("controlnet");
    if (experiment.stages.size() > 1) {
      throw controlnet.error("'controlnet' is for a model of one stage, not for a cascade");
    }
    if (has_classes) throw controlnet.error("'controlnet' goes with prompts, not with classes");
    experiment.controls = read_controls(controlnet, path, prompts);
  }
  experiment.captions = std::move(prompts.captions);
  experiment.scenes = std::move(prompts.scenes);
  experiment.control_pictures = pictures_of_prompts(
      experiment.controls, std::move(prompts.controls), experiment.captions.size());
  experiment.prompt_options = read_prompt_options(map, experiment.captions.size());
}

Experiment read_experiment(const ConfigTree& tree, const std::filesystem::path& path) {
  ConfigMap map(ConfigValue(tree, ""));
  Experiment experiment;
  experiment.config_path = path;
  experiment.name = read_name(map.at("name"));
  if (map.has("guidance_scale")) experiment.guidance_scale = map.at("guidance_scale").number(0);
  experiment.stages = read_stages(map.at("model"), path, experiment.guidance_scale);
  experiment.model_place = map.at("model").place();
  add_own_weights(map, experiment);
  read_machine(map, experiment);
  if (map.has("seed")) {
    experiment.seed = static_cast<std::uint64_t>(map.at("seed").integer(0));
  }
  read_content(map, experiment);
  if (map.has("latent")) {
    if (experiment.stages.size() > 1) {
      throw map.at("latent").error(
          "the stages of a cascade have the sizes of their models ('sample_size')");
    }
    const LatentSize size = read_latent(map.at("latent"));
    experiment.latent_height = size.height;
    experiment.latent_width = size.width;
  }
  if (map.has("features")) experiment.features = read_features(map.at("features"));
  if (map.has("pictures")) experiment.pictures = read_pictures(map.at("pictures"));
  if (map.has("timing")) experiment.timing = read_timing(map.at("timing"));
  if (map.has("judges")) experiment.judges = read_judges(map.at("judges"), path);
  RunSpec defaults;
  defaults.sampler.options = nlohmann::json::object();
  if (map.has("steps"))
    defaults.num_steps = static_cast<int>(map.at("steps").integer(1, kMostSteps));
  if (map.has("sampler")) defaults.sampler = read_sampler(map.at("sampler"));
  if (map.has("savings")) defaults.savings = read_savings(map.at("savings"), {});
  if (map.has("reuse")) defaults.strategy.reuse = read_reuse(map.at("reuse"));
  if (map.has("tome")) defaults.tome = read_tome(map.at("tome"), {});
  if (map.has("variant")) defaults.variant = read_variant(map.at("variant"));
  if (map.has("noise_injection")) {
    defaults.noise_injection = read_noise_injection(map.at("noise_injection"));
  }
  if (map.has("max_parallel")) {
    defaults.max_parallel = static_cast<int>(map.at("max_parallel").integer(0, kMostSteps));
  }
  const bool has_runs = map.has("runs"), has_equal_time = map.has("equal_time");
  // A misspelt key first: it explains why 'runs' is missing.
  map.finish();
  if (!has_runs) throw map.value().error("the key 'runs' is missing");
  experiment.runs = read_runs(map.at("runs"), defaults, experiment.stages);
  if (has_equal_time) {
    experiment.equal_time = read_equal_time(map.at("equal_time"), experiment);
  }
  return experiment;
}

ConfigTree changed_config(const std::filesystem::path& path,
                          const std::vector<std::string>& assignments) {
  ConfigTree tree = read_config(path);
  for (const std::string& assignment : assignments) set_config_value(tree, assignment);
  return tree;
}

}  // namespace

bool RunSpec::is_plain() const {
  const bool stages_are = std::all_of(stages.begin(), stages.end(),
                                      [](const auto& stage) { return stage.second.is_plain(); });
  return stages_are && is_plain_strategy(strategy.name) && !noise_injection.enabled() && !tome.on();
}

const RunSpec& RunSpec::of_stage(const std::string& stage) const {
  const auto found = stages.find(stage);
  return found == stages.end() ? *this : found->second;
}

int Experiment::baseline() const {
  const auto found = std::find_if(runs.begin(), runs.end(), std::mem_fn(&RunSpec::is_plain));
  return found == runs.end() ? -1 : static_cast<int>(found - runs.begin());
}

int Experiment::baseline_of(int run) const {
  const RunSpec& wanted = runs.at(run);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const bool same_sampler = runs[i].sampler.name == wanted.sampler.name &&
                              runs[i].sampler.options == wanted.sampler.options;
    const bool found = wanted.baseline.empty() ? runs[i].is_plain() && same_sampler
                                               : runs[i].name == wanted.baseline;
    if (found) return static_cast<int>(i);
  }
  return baseline();
}

Experiment load_experiment(const std::filesystem::path& path,
                           const std::vector<std::string>& assignments, const std::string& task) {
  const ConfigTree tree = tree_of_task(changed_config(path, assignments), task);
  Experiment experiment = read_experiment(tree, path);
  const bool is_as_it_stands = assignments.empty() && task.empty();
  experiment.config_text = is_as_it_stands ? read_text(path, "config file") : config_text(tree);
  return experiment;
}

std::vector<std::string> load_task_names(const std::filesystem::path& path,
                                         const std::vector<std::string>& assignments) {
  return task_names(changed_config(path, assignments));
}

Experiment experiment_of_text(const std::string& text, const std::filesystem::path& path) {
  Experiment experiment = read_experiment(parse_config(text, path.string()), path);
  experiment.config_text = text;
  return experiment;
}

std::string key_steps_text(const KeySteps& key_steps) {
  std::string text;
  for (const int step : downward_list(key_steps)) {
    text.append(text.empty() ? "" : " ").append(std::to_string(step));
  }
  return text;
}

}  // namespace fdbench
