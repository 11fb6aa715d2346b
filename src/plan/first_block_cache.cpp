#include "plan/first_block_cache.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "plan/strategy.h"

namespace fdbench {

void check_first_block_cache(const FirstBlockCacheOptions& options) {
  if (!(options.threshold >= 0)) throw usage_error("threshold must be at least 0");
  if (options.warmup < 0) throw usage_error("warmup must be at least 0");
  if (options.max_run < 0) throw usage_error("max_run must be at least 1, or 0 for no limit");
}

namespace {

/// Names of the options.
constexpr const char *kThreshold = "threshold", *kBranch = "cache_branch", *kWarmup = "warmup",
                     *kMaxRun = "max_run";

bool has_skips(std::span<const LayerInfo> layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerInfo& layer) {
    return std::any_of(layer.inputs.begin(), layer.inputs.end(), [](const Edge& input) {
      return input.kind == EdgeKind::kSkip && input.layer != kSample;
    });
  });
}

/// The row of a step that reuses, where skip connections lead past the deep layers.
std::vector<Cell> shallow_row(const FirstBlockCacheOptions& options,
                              std::span<const LayerInfo> layers) {
  DeepCacheOptions branch;
  branch.cache_branch = options.cache_branch;
  const Plan both = deepcache_plan(branch, {true, false}, layers);
  std::vector<Cell> row;
  for (int layer = 0; layer < both.num_layers(); ++layer) row.push_back(both.at(1, layer));
  return row;
}

/// The same on a chain: its input, the first block and the last one are computed.
std::vector<Cell> chain_row(const FirstBlockCacheOptions& options,
                            std::span<const LayerInfo> layers) {
  if (options.cache_branch != FirstBlockCacheOptions().cache_branch) {
    throw usage_error("cache_branch is for models with skip connections; this one is a chain");
  }
  if (block_names(layers).size() < 4) {
    throw usage_error(
        "first_block_cache needs a chain of an input, at least two blocks and an "
        "output");
  }
  std::vector<Cell> row;
  for (const LayerInfo& layer : layers) {
    const bool is_computed = layer.block == layers.front().block ||
                             layer.block == block_names(layers)[1] ||
                             layer.block == layers.back().block;
    row.push_back(is_computed ? Cell::kCompute : Cell::kReuse);
  }
  return row;
}

Plan make_adaptive_plan(const StrategyOptions& options, int num_steps,
                        std::span<const LayerInfo> layers) {
  const OptionSet& values = options.options;
  return first_block_cache_plan({.threshold = values.get<double>(kThreshold),
                                 .cache_branch = values.get<int>(kBranch),
                                 .warmup = values.get<int>(kWarmup),
                                 .max_run = values.get<int>(kMaxRun)},
                                num_steps, layers);
}

/// The order is that of the values in a run's settings.
std::vector<Option> options_of_the_rule() {
  const FirstBlockCacheOptions usual;
  return {{.name = kThreshold,
           .type = OptionType::kReal,
           .help = "relative change of the first block above which a step computes everything",
           .initial = usual.threshold,
           .high = std::numeric_limits<double>::infinity(),
           .flag = "--cache-threshold",
           .is_always_named = true,
           .column = "cache_threshold"},
          {.name = kBranch,
           .help = "skip connection from which on the network runs at every step, counted from the "
                   "output through all blocks",
           .initial = usual.cache_branch,
           .label = "branch"},
          {.name = kWarmup,
           .help = "first steps that compute everything",
           .initial = usual.warmup,
           .flag = "--cache-warmup",
           .column = "cache_warmup"},
          {.name = kMaxRun,
           .help = "most steps in a row that reuse; 0: no limit",
           .initial = usual.max_run,
           .flag = "--cache-max-run",
           .column = "cache_max_run"}};
}

}  // namespace

Plan first_block_cache_plan(const FirstBlockCacheOptions& options, int num_steps,
                            std::span<const LayerInfo> layers) {
  check_first_block_cache(options);
  AdaptiveRefresh rule{
      options.threshold, options.warmup, options.max_run, 0,
      has_skips(layers) ? shallow_row(options, layers) : chain_row(options, layers)};
  // A control network is a second encoder beside the first block.
  while (layers[static_cast<std::size_t>(rule.input)].part == parts::kControl) ++rule.input;
  rule.head = rule.input;
  while (rule.cached[static_cast<std::size_t>(rule.head) + 1] == Cell::kCompute) ++rule.head;
  Plan plan(num_steps, static_cast<int>(layers.size()));
  plan.set_adaptive(std::move(rule));
  return plan;
}

Strategy first_block_cache_strategy() {
  return {.name = "first_block_cache",
          .help =
              "reuses the deep path where the first block has hardly changed, which is decided "
              "during the run",
          .key_steps = KeyStepUse::kNone,
          .without_key_steps = "finds its key steps itself",
          .options = options_of_the_rule(),
          .make = make_adaptive_plan};
}

}  // namespace fdbench
