// Strategies: functions (steps, layers, options) -> Plan. Nothing else knows them by name.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/deepcache.h"
#include "plan/first_block_cache.h"
#include "plan/key_steps.h"
#include "plan/plan.h"
#include "plan/plan_grid.h"

namespace fdbench {

struct StrategyOptions {
  std::string name = "full";  // one of strategy_names()
  KeySteps key_steps;         // of all strategies but `full`, `first_block_cache` and `custom`
  /// `custom`: key steps by selector: a part ("encoder"), a block ("up_blocks.1") or a layer name.
  /// The most specific one wins; layers that no selector names compute at every step.
  std::map<std::string, KeySteps> custom;
  std::optional<DeepCacheOptions> deepcache = {};                // of `deepcache` only
  std::optional<FirstBlockCacheOptions> first_block_cache = {};  // of `first_block_cache` only
  Reuse reuse = Reuse::kHold;                                    // what a reused output is
  /// `custom`: the grid itself, in place of key steps.
  GridLines grid = {};
};

/// Throws a usage error for an unknown name (with the nearest one), or a selector that matches no
/// layer.
Plan make_plan(const StrategyOptions& options, int num_steps, std::span<const LayerInfo> layers);

/// The options with what depends on the model filled in: the ids of `deepcache`. Throws a usage
/// error as make_plan does.
StrategyOptions resolve_for_model(StrategyOptions options, std::span<const LayerInfo> layers);

/// full, encoder, decoder, encoder_decoder, drop, deepcache, first_block_cache, custom.
std::vector<std::string> strategy_names();

}  // namespace fdbench
