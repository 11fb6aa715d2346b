// All strategies: functions (steps, layers, options) -> Plan, in one table. Nothing else knows them
// by name.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "plan/strategy.h"

namespace fdbench {

/// The table: full, encoder, decoder, encoder_decoder, drop, deepcache, first_block_cache, custom.
const std::vector<Strategy>& strategies();
std::vector<std::string> strategy_names();

/// The row of a strategy. Throws a usage error for an unknown name (with the nearest one).
const Strategy& find_strategy(const std::string& name);

/// Whether it is the strategy that reuses nothing. False for an unknown name, such as that of a
/// newer program's file.
bool is_plain_strategy(const std::string& name);

/// Strategies that declare an option of this name.
std::vector<std::string> owners_of_option(const std::string& option);

/// The plan. Throws a usage error for an unknown name or option, key steps that do not fit, or a
/// selector that matches no layer.
Plan make_plan(const StrategyOptions& options, int num_steps, std::span<const LayerInfo> layers);

/// The options with initial values and with what depends on the model filled in: the ids of
/// `deepcache`. Throws a usage error as make_plan does.
StrategyOptions resolve_for_model(StrategyOptions options, std::span<const LayerInfo> layers);

/// Key steps made of the options, where none are given and the strategy makes them. Throws a
/// usage error about the option.
void make_key_steps(StrategyOptions& options, int num_steps);

/// What names of runs have after the strategy's name: "interval_5/branch_2"; key_label: of key
/// steps that were given ("9_keys").
std::string strategy_label(const StrategyOptions& options, const std::string& key_label);

}  // namespace fdbench
