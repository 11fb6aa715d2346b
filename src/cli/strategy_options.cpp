#include "cli/strategy_options.h"

#include <utility>

#include "cli/plain_options.h"
#include "config/key_step_config.h"
#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kDefaultKeySteps = "non_uniform_IV";
constexpr std::int64_t kMost = 100'000;  // of steps, and of ids that the model will refuse

/// Key steps and branch of deepcache.
void fill_deepcache(StrategyOptions& strategy, const StrategyChoice& choice, int num_steps) {
  DeepCacheOptions options;
  if (choice.cache_branch && (choice.cache_block_id || choice.cache_layer_id)) {
    throw usage_error("--cache-branch stands for --cache-block-id and --cache-layer-id: give one");
  }
  options.cache_branch = choice.cache_branch;
  options.cache_block_id = choice.cache_block_id.value_or(0);
  options.cache_layer_id = choice.cache_layer_id.value_or(0);
  if (choice.cache_center.has_value() != choice.cache_pow.has_value()) {
    throw usage_error("--cache-center and --cache-pow go together");
  }
  if (choice.cache_center) options.non_uniform = {*choice.cache_center, *choice.cache_pow};
  const bool has_key_steps = !choice.key_steps.empty();
  if (has_key_steps && (choice.cache_interval || options.non_uniform)) {
    throw usage_error("--key-steps does not go with --cache-interval, --cache-center, --cache-pow");
  }
  if (has_key_steps) {
    strategy.key_steps = key_steps_option(choice.key_steps, num_steps).key_steps;
  } else if (choice.cache_interval) {
    options.cache_interval = *choice.cache_interval;
    strategy.key_steps =
        deepcache_key_steps(options.cache_interval, options.non_uniform, num_steps);
  } else {
    throw usage_error("strategy 'deepcache' needs --cache-interval or --key-steps");
  }
  strategy.deepcache = options;
}

void fill_first_block_cache(StrategyOptions& strategy, const StrategyChoice& choice) {
  if (!choice.key_steps.empty()) {
    throw usage_error("--key-steps: strategy 'first_block_cache' finds its key steps itself");
  }
  FirstBlockCacheOptions options;
  options.threshold = choice.cache_threshold.value_or(options.threshold);
  options.cache_branch = choice.cache_branch.value_or(options.cache_branch);
  options.warmup = choice.cache_warmup.value_or(options.warmup);
  options.max_run = choice.cache_max_run.value_or(options.max_run);
  check_first_block_cache(options);
  strategy.first_block_cache = options;
}

}  // namespace

std::string StrategyChoice::foreign_cache_option(const std::string& strategy) const {
  struct Option {
    const char* name;
    bool is_given, of_deepcache, of_first_block_cache;
  };
  const Option options[] = {{"--cache-interval", cache_interval.has_value(), true, false},
                            {"--cache-branch", cache_branch.has_value(), true, true},
                            {"--cache-block-id", cache_block_id.has_value(), true, false},
                            {"--cache-layer-id", cache_layer_id.has_value(), true, false},
                            {"--cache-center", cache_center.has_value(), true, false},
                            {"--cache-pow", cache_pow.has_value(), true, false},
                            {"--cache-threshold", cache_threshold.has_value(), false, true},
                            {"--cache-warmup", cache_warmup.has_value(), false, true},
                            {"--cache-max-run", cache_max_run.has_value(), false, true}};
  for (const Option& option : options) {
    const bool fits = (strategy == "deepcache" && option.of_deepcache) ||
                      (strategy == "first_block_cache" && option.of_first_block_cache);
    if (!option.is_given || fits) continue;
    const char* owner = option.of_deepcache ? "deepcache" : "first_block_cache";
    return std::string(option.name) + " belongs to --strategy " + owner;
  }
  return "";
}

void add_options(CLI::App& command, StrategyChoice& choice) {
  command
      .add_option("--key-steps", choice.key_steps,
                  "Steps at which everything is computed, counted downward (50,49,48), "
                  "uniform:K, fraction:START-END:MAX_RUN, all, a preset (default: the paper's "
                  "non_uniform_IV), or a list or map as in a config")
      ->check(is_text());
  command.add_option(
      "--reuse", choice.reuse,
      "What a reused output is: hold (the last computed one), or a forecast from the "
      "last ones, linear or taylor2 (default: hold)");
  add_whole_number(command, "--cache-interval", choice.cache_interval,
                   "deepcache: the deep path is computed at every so many-th step", 1, kMost);
  add_whole_number(command, "--cache-branch", choice.cache_branch,
                   "deepcache: skip connection from which on the network runs at every step, "
                   "counted from the output (default: 0; first_block_cache: 2)",
                   0, kMost);
  add_whole_number(command, "--cache-block-id", choice.cache_block_id,
                   "deepcache: the same as up block, counted from the output ...", 0, kMost);
  add_whole_number(command, "--cache-layer-id", choice.cache_layer_id,
                   "deepcache: ... and resnet in it, counted from the output", 0, kMost);
  add_whole_number(command, "--cache-center", choice.cache_center,
                   "deepcache: the steps of the interval, but dense around this one (sampling "
                   "order; with --cache-pow)",
                   0, kMost);
  add_number(command, "--cache-pow", choice.cache_pow, "deepcache: how dense, above 1");
  add_number(command, "--cache-threshold", choice.cache_threshold,
             "first_block_cache: relative change of the first block above which a step "
             "computes everything (default: 0.05)");
  add_whole_number(command, "--cache-warmup", choice.cache_warmup,
                   "first_block_cache: first steps that compute everything (default: 0)", 0, kMost);
  add_whole_number(command, "--cache-max-run", choice.cache_max_run,
                   "first_block_cache: most steps in a row that reuse (default: no limit)", 0,
                   kMost);
}

StrategyOptions strategy_options(const std::string& name, const StrategyChoice& choice,
                                 int num_steps) {
  StrategyOptions strategy;
  strategy.name = name;
  if (!choice.reuse.empty()) strategy.reuse = parse_reuse(choice.reuse);
  if (name == "custom") {
    throw usage_error(
        "strategy 'custom' takes key steps for each block, which only a config can "
        "hold: use fdbench run");
  }
  if (const std::string fault = choice.foreign_cache_option(name); !fault.empty()) {
    throw usage_error(fault);
  }
  if (name == "deepcache") {
    fill_deepcache(strategy, choice, num_steps);
    return strategy;
  }
  if (name == "first_block_cache") {
    fill_first_block_cache(strategy, choice);
    return strategy;
  }
  if (name == "full" && !choice.key_steps.empty()) {
    throw usage_error("--key-steps: strategy 'full' computes everything; add --strategy encoder");
  }
  const std::string keys = choice.key_steps.empty() ? kDefaultKeySteps : choice.key_steps;
  if (name != "full") strategy.key_steps = key_steps_option(keys, num_steps).key_steps;
  return strategy;
}

std::string strategy_label(const StrategyOptions& strategy, const StrategyChoice& choice) {
  const auto num_steps = static_cast<int>(strategy.key_steps.size());
  std::string label =
      choice.key_steps.empty() ? "" : key_steps_option(choice.key_steps, num_steps).label;
  if (strategy.deepcache) label = deepcache_label(*strategy.deepcache, label);
  if (strategy.first_block_cache) label = first_block_cache_label(*strategy.first_block_cache);
  std::string name = strategy.name;
  for (const std::string& part : {label, choice.reuse}) {
    if (!part.empty()) name += "/" + part;
  }
  return name;
}

}  // namespace fdbench
