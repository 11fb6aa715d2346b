// First-block caching: whether a step computes everything or the shallow layers alone is decided
// during the run, by how much the output of the first block has changed.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

#include "models/denoiser.h"
#include "propagation/deepcache.h"
#include "propagation/plan.h"

namespace fdbench {

/// As a user states it. The rule is that of diffusers' FirstBlockCache (and of cache-dit): it
/// finds blocks by the names of transformer models, so on a UNet there is nothing it could attach
/// to; here the block is the shallow end of the UNet.
struct FirstBlockCacheOptions {
  double threshold = 0.05;  // relative change below which the deep path is reused
  int cache_branch = 2;     // what is shallow, as for deepcache; 2: the first block's resnets and
                            // attentions, and the last up block
  int warmup = 0;           // first steps that always compute everything
  int max_run = 0;          // most steps in a row that reuse; 0: no limit
};

/// "threshold_0.05", "threshold_0.05/branch_1", for names of runs.
std::string first_block_cache_label(const FirstBlockCacheOptions& options);

/// Throws a usage error for a value that cannot be.
void check_first_block_cache(const FirstBlockCacheOptions& options);

/// Every step computes everything in this plan, the most that can happen, and carries what the
/// decision needs. Throws a usage error for a branch that the model does not have.
Plan first_block_cache_plan(const FirstBlockCacheOptions& options, int num_steps,
                            std::span<const LayerInfo> layers);

/// Decides step after step of one picture.
class RefreshDecider {
 public:
  explicit RefreshDecider(AdaptiveRefresh rule) : rule_(std::move(rule)) {}

  /// True when the step is to compute everything: mean|r - r'| / mean|r'| > threshold, with r the
  /// first block's residual (output less input, or the output where their shapes differ) and r'
  /// that of the last step that computed everything. head_input, head_output: [m, C, H, W].
  bool refreshes(int step, const at::Tensor& head_input, const at::Tensor& head_output);

 private:
  AdaptiveRefresh rule_;
  at::Tensor residual_;
  int run_ = 0;  // steps in a row that reused
};

}  // namespace fdbench
