// First-block caching: whether a step computes everything or the shallow layers alone is decided
// during the run, by how much the output of the first block has changed.
#pragma once

#include <span>

#include "models/denoiser.h"
#include "plan/deepcache.h"
#include "plan/plan.h"

namespace fdbench {

/// As a user states it. The rule is that of diffusers' FirstBlockCache (and of cache-dit): it
/// finds blocks by the names of transformer models, so on a UNet there is nothing it could attach
/// to; here the block is the shallow end of the UNet.
struct FirstBlockCacheOptions {
  /// Relative change below which the deep path is reused.
  double threshold = 0.05;
  /// What is shallow, as for deepcache; 2: the first block's resnets and attentions, and the last
  /// up block.
  int cache_branch = 2;
  /// First steps that always compute everything.
  int warmup = 0;
  /// Most steps in a row that reuse; 0: no limit.
  int max_run = 0;
};

/// Throws a usage error for a value that cannot be.
void check_first_block_cache(const FirstBlockCacheOptions& options);

/// Every step computes everything in this plan, the most that can happen, and carries what the
/// decision needs. Throws a usage error for a branch that the model does not have.
Plan first_block_cache_plan(const FirstBlockCacheOptions& options, int num_steps,
                            std::span<const LayerInfo> layers);

}  // namespace fdbench
