#include "cli/strategy_options.h"

#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr const char* kDefaultKeySteps = "non_uniform_IV";

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
    strategy.key_steps = parse_key_steps(choice.key_steps, num_steps);
  } else if (choice.cache_interval) {
    options.cache_interval = *choice.cache_interval;
    strategy.key_steps =
        deepcache_key_steps(options.cache_interval, options.non_uniform, num_steps);
  } else {
    throw usage_error("strategy 'deepcache' needs --cache-interval or --key-steps");
  }
  strategy.deepcache = options;
}

}  // namespace

const char* StrategyChoice::given_cache_option() const {
  const std::pair<const char*, bool> options[] = {{"--cache-interval", cache_interval.has_value()},
                                                  {"--cache-branch", cache_branch.has_value()},
                                                  {"--cache-block-id", cache_block_id.has_value()},
                                                  {"--cache-layer-id", cache_layer_id.has_value()},
                                                  {"--cache-center", cache_center.has_value()},
                                                  {"--cache-pow", cache_pow.has_value()}};
  for (const auto& [name, is_given] : options) {
    if (is_given) return name;
  }
  return nullptr;
}

void add_options(CLI::App& command, StrategyChoice& choice) {
  command.add_option("--key-steps", choice.key_steps,
                     "Steps at which everything is computed, counted downward (50,49,48), "
                     "uniform:K, fraction:START-END:MAX_RUN, or a preset (default: the paper's "
                     "non_uniform_IV)");
  command.add_option(
      "--reuse", choice.reuse,
      "What a reused output is: hold (the last computed one), or a forecast from the "
      "last ones, linear or taylor2 (default: hold)");
  command.add_option("--cache-interval", choice.cache_interval,
                     "deepcache: the deep path is computed at every so many-th step");
  command.add_option("--cache-branch", choice.cache_branch,
                     "deepcache: skip connection from which on the network runs at every step, "
                     "counted from the output (default: 0)");
  command.add_option("--cache-block-id", choice.cache_block_id,
                     "deepcache: the same as up block, counted from the output ...");
  command.add_option("--cache-layer-id", choice.cache_layer_id,
                     "deepcache: ... and resnet in it, counted from the output");
  command.add_option("--cache-center", choice.cache_center,
                     "deepcache: the steps of the interval, but dense around this one (sampling "
                     "order; with --cache-pow)");
  command.add_option("--cache-pow", choice.cache_pow, "deepcache: how dense, above 1");
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
  if (name == "deepcache") {
    fill_deepcache(strategy, choice, num_steps);
    return strategy;
  }
  if (const char* option = choice.given_cache_option()) {
    throw usage_error(std::string(option) + " belongs to --strategy deepcache");
  }
  if (name == "full" && !choice.key_steps.empty()) {
    throw usage_error("--key-steps: strategy 'full' computes everything; add --strategy encoder");
  }
  const std::string keys = choice.key_steps.empty() ? kDefaultKeySteps : choice.key_steps;
  if (name != "full") strategy.key_steps = parse_key_steps(keys, num_steps);
  return strategy;
}

std::string strategy_label(const StrategyOptions& strategy, const StrategyChoice& choice) {
  const std::string label = strategy.deepcache
                                ? deepcache_label(*strategy.deepcache, choice.key_steps)
                                : choice.key_steps;
  std::string name = strategy.name;
  for (const std::string& part : {label, choice.reuse}) {
    if (!part.empty()) name += "/" + part;
  }
  return name;
}

}  // namespace fdbench
