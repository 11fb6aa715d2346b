#include "plan/first_block_cache.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "core/error.h"

namespace fdbench {

std::string first_block_cache_label(const FirstBlockCacheOptions& options) {
  std::ostringstream text;
  text << "threshold_" << options.threshold;
  const FirstBlockCacheOptions defaults;
  if (options.cache_branch != defaults.cache_branch) text << "/branch_" << options.cache_branch;
  if (options.warmup > 0) text << "/warmup_" << options.warmup;
  if (options.max_run > 0) text << "/max_run_" << options.max_run;
  return text.str();
}

void check_first_block_cache(const FirstBlockCacheOptions& options) {
  if (!(options.threshold >= 0)) throw usage_error("threshold must be at least 0");
  if (options.warmup < 0) throw usage_error("warmup must be at least 0");
  if (options.max_run < 0) throw usage_error("max_run must be at least 1, or 0 for no limit");
}

namespace {

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

}  // namespace

Plan first_block_cache_plan(const FirstBlockCacheOptions& options, int num_steps,
                            std::span<const LayerInfo> layers) {
  check_first_block_cache(options);
  AdaptiveRefresh rule{
      options.threshold, options.warmup, options.max_run, 0,
      has_skips(layers) ? shallow_row(options, layers) : chain_row(options, layers)};
  while (rule.cached[static_cast<std::size_t>(rule.head) + 1] == Cell::kCompute) ++rule.head;
  Plan plan(num_steps, static_cast<int>(layers.size()));
  plan.set_adaptive(std::move(rule));
  return plan;
}

}  // namespace fdbench
