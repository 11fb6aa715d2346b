// DeepCache (Ma, Fang and Wang, CVPR 2024) in the plan grid: behaviour of the library DeepCache
// 0.1.1 and of its DeepCacheSDHelper.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "models/denoiser.h"
#include "plan/control_use.h"
#include "plan/key_steps.h"
#include "plan/plan.h"

namespace fdbench {

/// Non-uniform refresh steps: dense around a center (the DeepCache paper, section 3.3).
struct QuadCenter {
  /// In sampling order.
  int center = 0;
  /// In (1, 10]; the higher, the denser around the center.
  double pow = 0;
};

/// Where the deep path is cut off, under the library's names.
struct DeepCacheOptions {
  /// Up block, counted from the output: 0 is the last one.
  int cache_block_id = 0;
  /// Resnet of that up block, counted from the output.
  int cache_layer_id = 0;
  /// Instead of both ids: the skip connection, counted from the output through all blocks; with two
  /// layers a block (SD 1.x, 2.x, SDXL) block branch / 3, layer branch % 3.
  std::optional<int> cache_branch;
  /// What the key steps were made of; 0: given as key steps.
  int cache_interval = 0;
  /// Likewise.
  std::optional<QuadCenter> non_uniform;
  /// The library knows no control networks, and wraps the UNet's blocks alone: they run at every
  /// step, and what they make reaches the skips of the up layers that are computed.
  ControlUse control = ControlUse::kCompute;
};

/// Refresh steps: each cache_interval-th one (skip_mode uniform), or with `non_uniform` as many of
/// them, placed as the library's sample_from_quad_center does. Throws a usage error for an
/// interval below 1, a center outside 0..num_steps-1, a pow outside (1, 10], or where no pow down
/// to 1 gives that many different steps.
KeySteps deepcache_key_steps(int cache_interval, const std::optional<QuadCenter>& non_uniform,
                             int num_steps);

/// Both ids with the branch resolved for this model. Throws a usage error that says the range for
/// an id or a branch that the model does not have.
DeepCacheOptions resolve_branch(DeepCacheOptions options, std::span<const LayerInfo> layers);

/// Between key steps all layers from where the branch's skip connection starts to where it ends are
/// reused; the rest computes. Of a control network that runs at every step, only what reaches a
/// computed up layer is needed then (Schedule): the library runs all of it, with the same result.
Plan deepcache_plan(const DeepCacheOptions& options, const KeySteps& key_steps,
                    std::span<const LayerInfo> layers);

/// "interval_3", "interval_3_center_15_pow_1.4/branch_2", "9_keys/block_1_layer_2", for names of
/// runs: `key_label` stands for key steps that no interval made.
std::string deepcache_label(const DeepCacheOptions& options, const std::string& key_label);

}  // namespace fdbench
