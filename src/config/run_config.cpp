#include "config/run_config.h"

#include <algorithm>

#include "config/deepcache_config.h"
#include "config/first_block_cache_config.h"
#include "config/grid_config.h"
#include "config/key_step_config.h"
#include "config/noise_injection_config.h"
#include "config/option_json.h"
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
  if (run.tome.ratio != defaults.tome.ratio) {
    char ratio[32];
    std::snprintf(ratio, sizeof ratio, "/tome_%g", run.tome.ratio);
    name += ratio;
  }
  return name;
}

/// `blocks:` of the custom strategy: key steps of layers by role, block or layer name.
void read_custom_blocks(ConfigMap& map, RunSpec& run) {
  const ConfigValue value = map.at("blocks");
  if (run.strategy.name != "custom") throw value.error("'blocks' belongs to the strategy custom");
  ConfigMap blocks(value);
  for (const auto& [selector, key_steps] : blocks.rest()) {
    run.strategy.custom[selector] = read_key_steps(key_steps, run.num_steps).key_steps;
  }
  if (run.strategy.custom.empty()) throw value.error("'blocks' names no block");
}

/// `custom: {grid: ...}` or `grid:` of the custom strategy.
void read_custom_grid(ConfigMap& map, RunSpec& run) {
  for (const char* key : {"custom", "grid"}) {
    if (map.has(key) && run.strategy.name != "custom") {
      throw map.at(key).error("'" + std::string(key) + "' belongs to the strategy custom");
    }
  }
  if (map.has("grid")) run.strategy.grid = read_grid(map.at("grid"));
  if (!map.has("custom")) return;
  const ConfigValue value = map.at("custom");
  if (map.has("grid")) throw value.error("'custom' and 'grid' are the same: give one");
  ConfigMap custom(value);
  run.strategy.grid = read_grid(custom.at("grid"));
  custom.finish();
}

/// Key steps of the run; -> their label, "" for strategies without.
std::string read_run_key_steps(ConfigMap& map, RunSpec& run) {
  const bool takes_none = run.strategy.name == "full" || run.strategy.name == "custom";
  if (map.has("key_steps")) {
    const ConfigValue value = map.at("key_steps");
    if (takes_none) throw value.error("the strategy " + run.strategy.name + " takes no key_steps");
    NamedKeySteps named = read_key_steps(value, run.num_steps);
    run.strategy.key_steps = std::move(named.key_steps);
    return named.label;
  }
  if (!takes_none)
    throw map.value().error("the strategy " + run.strategy.name + " needs key_steps");
  return "";
}

/// One of sampler_names(), or a class name of diffusers.
std::string read_sampler_name(const ConfigValue& value) {
  const std::vector<std::string> classes = sampler_class_names();
  const std::string name = value.text();
  if (std::find(classes.begin(), classes.end(), name) != classes.end()) return name;
  return value.choice(sampler_names());
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

ExactSavings read_savings(const ConfigValue& value, ExactSavings savings) {
  if (value.is_scalar()) {
    const bool all = value.choice({"all", "none"}) == "all";
    return {all, all, all};
  }
  ConfigMap map(value);
  if (map.has("skip_hoisting")) savings.skip_hoisting = map.at("skip_hoisting").truth();
  if (map.has("prefix_sharing")) savings.prefix_sharing = map.at("prefix_sharing").truth();
  if (map.has("text_caching")) savings.text_caching = map.at("text_caching").truth();
  map.finish();
  return savings;
}

Reuse read_reuse(const ConfigValue& value) { return parse_reuse(value.choice(reuse_names())); }

/// What the strategy is to know beside its name; -> the label of the run.
std::string read_strategy_keys(ConfigMap& map, RunSpec& run) {
  if (run.strategy.name == "first_block_cache") return read_first_block_cache(map, run);
  refuse_first_block_cache_keys(map);
  if (run.strategy.name == "deepcache") return read_deepcache(map, run);
  refuse_deepcache_keys(map);
  return read_run_key_steps(map, run);
}

std::vector<RunSpec> read_run(const ConfigValue& value, const RunSpec& defaults) {
  ConfigMap map(value);
  RunSpec run = defaults;
  run.place = value.place();
  run.strategy.name = map.at("strategy").choice(strategy_names());
  if (map.has("steps")) run.num_steps = static_cast<int>(map.at("steps").integer(1, kMostSteps));
  if (map.has("sampler")) run.sampler = read_sampler(map.at("sampler"));
  if (map.has("savings")) run.savings = read_savings(map.at("savings"), run.savings);
  if (map.has("tome")) run.tome = read_tome(map.at("tome"), run.tome);
  run.noise_injection =
      read_run_noise_injection(map, run.strategy.name, defaults.noise_injection, run.num_steps);
  if (map.has("max_parallel")) {
    run.max_parallel = static_cast<int>(map.at("max_parallel").integer(0, kMostSteps));
  }
  if (map.has("reuse")) run.strategy.reuse = read_reuse(map.at("reuse"));
  if (map.has("baseline")) run.baseline = map.at("baseline").text();
  const bool injects = map.has("noise_injection") && run.noise_injection.enabled();
  const std::string label = read_strategy_keys(map, run);
  if (map.has("blocks")) read_custom_blocks(map, run);
  read_custom_grid(map, run);
  if (!run.strategy.custom.empty() && !run.strategy.grid.empty()) {
    throw value.error("'blocks' and 'grid' both say what a custom run computes: give one");
  }
  if (run.strategy.name == "custom" && run.strategy.custom.empty() && run.strategy.grid.empty()) {
    throw value.error("the strategy custom needs 'blocks' (key steps) or 'grid' (the cells)");
  }
  const std::string base =
      map.has("name") ? map.at("name").text()
                      : default_name(run, label, defaults) + (injects ? "/noise_injection" : "");
  if (base.size() > kLongestName) throw map.at("name").error("the name of the run is too long");
  std::vector<RunSpec> runs;
  const std::vector<std::string> executions = read_executions(map);
  map.finish();
  for (const std::string& execution : executions) {
    RunSpec& added = runs.emplace_back(run);
    added.execution = parse_execution(execution);
    const bool suffix = executions.size() > 1 || (!map.has("name") && execution != "sequential");
    added.name = suffix ? base + "/" + execution : base;
  }
  return runs;
}

}  // namespace fdbench
