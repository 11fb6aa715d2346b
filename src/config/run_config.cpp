#include "config/run_config.h"

#include <algorithm>

#include "config/noise_injection_config.h"
#include "config/option_json.h"
#include "config/strategy_config.h"
#include "config/tome_config.h"
#include "samplers/sampler.h"

namespace fdbench {
namespace {

constexpr int kMostSteps = 100'000;
constexpr std::size_t kLongestName = 96;

/// defaults: what most runs of the file have, which needs no mention.
std::string default_name(const RunSpec& run, const std::string& key_label,
                         const RunSpec& defaults) {
  std::string name = run.strategy.name;
  if (!key_label.empty()) name += "/" + key_label;
  if (run.strategy.reuse != defaults.strategy.reuse) {
    name += "/" + reuse_name(run.strategy.reuse);
  }
  if (run.num_steps != defaults.num_steps) {
    name += "/" + std::to_string(run.num_steps) + "_steps";
  }
  const bool is_said = key_label.starts_with(variant_name(run.variant));
  if (run.variant != defaults.variant && !is_said) name += "/" + variant_name(run.variant);
  if (run.tome.ratio != defaults.tome.ratio) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "/tome_%g", run.tome.ratio);
    name += ratio;
  }
  return name;
}

/// One of sampler_names(), or a class name of diffusers.
std::string read_sampler_name(const ConfigValue& value) {
  const std::vector<std::string> classes = sampler_class_names();
  const std::string name = value.text();
  if (std::find(classes.begin(), classes.end(), name) != classes.end()) return name;
  return value.choice(sampler_names());
}

std::span<const ConfigKey<ExactSavings>> savings_rows() {
  static const std::vector<ConfigKey<ExactSavings>> rows = {
      {{"skip_hoisting", "true or false", "true",
        "what a layer makes of its skip alone is computed once for as long as the skip is reused"},
       [](const ConfigValue& value, ExactSavings& savings) {
         savings.skip_hoisting = value.truth();
       }},
      {{"prefix_sharing", "true or false", "true",
        "both halves of a guidance batch share what comes before the first text"},
       [](const ConfigValue& value, ExactSavings& savings) {
         savings.prefix_sharing = value.truth();
       }},
      {{"text_caching", "true or false", "true",
        "keys and values of the text are computed once for all steps"},
       [](const ConfigValue& value, ExactSavings& savings) {
         savings.text_caching = value.truth();
       }},
  };
  return rows;
}

std::vector<std::string> read_executions(ConfigMap& map) {
  if (!map.has("execution")) return {"sequential"};
  const ConfigValue value = map.at("execution");
  if (!value.is_list()) return {value.choice(execution_names())};
  std::vector<std::string> executions;
  for (const ConfigValue& item : value.list()) {
    executions.push_back(item.choice(execution_names()));
  }
  return executions;
}

}  // namespace

SamplerChoice read_sampler(const ConfigValue& value) {
  SamplerChoice sampler;
  sampler.options = nlohmann::json::object();
  sampler.place = value.place();
  if (value.is_scalar()) {
    sampler.name = read_sampler_name(value);
    return sampler;
  }
  ConfigMap map(value);
  if (map.has("name")) sampler.name = read_sampler_name(map.at("name"));
  for (const ConfigTree::Entry& entry : value.tree().entries) {
    if (entry.key == "name") continue;
    sampler.options[entry.key] = option_json(entry.value);
    sampler.option_places[entry.key] = entry.place;
  }
  return sampler;
}

std::vector<KeyInfo> savings_keys() { return infos_of(savings_rows()); }

ExactSavings read_savings(const ConfigValue& value, ExactSavings savings) {
  if (value.is_scalar()) {
    const bool all = value.choice({"all", "none"}) == "all";
    return {all, all, all};
  }
  ConfigMap map(value);
  read_keys(map, savings_rows(), savings);
  map.finish();
  return savings;
}

Variant read_variant(const ConfigValue& value) {
  return parse_variant(value.choice(variant_names()));
}

Reuse read_reuse(const ConfigValue& value) { return parse_reuse(value.choice(reuse_names())); }

/// What a denoiser is to do: strategy, sampler and all that goes with them; -> what the name of the
/// run has after the strategy. run: holds what the entry does not set.
std::string read_work(ConfigMap& map, const RunSpec& defaults, RunSpec& run) {
  run.place = map.value().place();
  run.strategy.name = map.at("strategy").choice(strategy_names());
  if (map.has("steps")) run.num_steps = static_cast<int>(map.at("steps").integer(1, kMostSteps));
  if (map.has("sampler")) run.sampler = read_sampler(map.at("sampler"));
  if (map.has("savings")) run.savings = read_savings(map.at("savings"), run.savings);
  if (map.has("tome")) run.tome = read_tome(map.at("tome"), run.tome);
  if (map.has("variant")) run.variant = read_variant(map.at("variant"));
  run.noise_injection = read_run_noise_injection(map, run, defaults.noise_injection);
  if (map.has("max_parallel")) {
    run.max_parallel = static_cast<int>(map.at("max_parallel").integer(0, kMostSteps));
  }
  if (map.has("reuse")) run.strategy.reuse = read_reuse(map.at("reuse"));
  return read_strategy(map, run.strategy, run.num_steps, run.variant);
}

/// `stages:` of a run: what single stages do otherwise than the run says. run: whole.
void read_stage_works(const ConfigValue& value, const RunSpec& defaults,
                      const std::vector<StageSettings>& stages, RunSpec& run) {
  std::vector<std::string> names;
  for (const StageSettings& stage : stages) names.push_back(stage.name);
  if (names.size() < 2) throw value.error("'stages' belongs to a model of several stages");
  ConfigMap map(value);
  const RunSpec whole = run;
  for (const auto& [name, work] : map.rest()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      throw work.error("the model has no stage '" + name + "'" + advice(name, names));
    }
    ConfigMap entry(work);
    RunSpec stage = whole;
    stage.strategy = defaults.strategy;
    if (entry.has("execution")) {
      stage.execution = parse_execution(entry.at("execution").choice({"sequential", "parallel"}));
    }
    read_work(entry, defaults, stage);
    entry.finish();
    run.stages.emplace(name, std::move(stage));
  }
}

/// The run's own name, or one of what it does.
std::string read_run_name(ConfigMap& map, const RunSpec& run, const std::string& label,
                          const RunSpec& defaults) {
  const bool injects = map.has("noise_injection") && run.noise_injection.enabled();
  const std::string name =
      map.has("name") ? map.at("name").text()
                      : default_name(run, label, defaults) + (injects ? "/noise_injection" : "");
  if (name.size() > kLongestName) throw map.at("name").error("the name of the run is too long");
  return name;
}

std::vector<RunSpec> read_run(const ConfigValue& value, const RunSpec& defaults,
                              const std::vector<StageSettings>& stages) {
  ConfigMap map(value);
  std::vector<RunSpec> runs;
  const std::vector<std::string> executions = read_executions(map);
  for (const std::string& execution : executions) {
    RunSpec& run = runs.emplace_back(defaults);
    run.execution = parse_execution(execution);
    const std::string label = read_work(map, defaults, run);
    if (map.has("baseline")) run.baseline = map.at("baseline").text();
    const std::string base = read_run_name(map, run, label, defaults);
    const bool suffix = executions.size() > 1 || (!map.has("name") && execution != "sequential");
    run.name = suffix ? base + "/" + execution : base;
  }
  const bool has_stages = map.has("stages");
  map.finish();
  if (stages.size() > 1 && std::count(executions.begin(), executions.end(), "auto") > 0) {
    throw map.at("execution").error("a run of several stages names its execution");
  }
  for (RunSpec& run : runs) {
    if (has_stages) read_stage_works(map.at("stages"), defaults, stages, run);
  }
  return runs;
}

}  // namespace fdbench
