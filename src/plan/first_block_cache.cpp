#include "plan/first_block_cache.h"

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

Plan first_block_cache_plan(const FirstBlockCacheOptions& options, int num_steps,
                            std::span<const LayerInfo> layers) {
  check_first_block_cache(options);
  DeepCacheOptions branch;
  branch.cache_branch = options.cache_branch;
  const Plan both = deepcache_plan(branch, {true, false}, layers);
  AdaptiveRefresh rule{options.threshold, options.warmup, options.max_run, 0, {}};
  for (int layer = 0; layer < both.num_layers(); ++layer) rule.cached.push_back(both.at(1, layer));
  while (rule.cached[rule.head + 1] == Cell::kCompute) ++rule.head;
  Plan plan(num_steps, static_cast<int>(layers.size()));
  plan.set_adaptive(std::move(rule));
  return plan;
}

}  // namespace fdbench
