// The options of the command line that choose a strategy without a config file.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "plan/strategies.h"

namespace fdbench {

struct StrategyChoice {
  std::string key_steps;  // as key_steps_option takes them; "": not given
  std::optional<int> cache_interval, cache_branch, cache_block_id, cache_layer_id, cache_center;
  std::optional<double> cache_pow, cache_threshold;
  std::optional<int> cache_warmup, cache_max_run;
  std::string reuse;  // "": hold

  /// True when an option was given.
  bool given() const {
    return !key_steps.empty() || !reuse.empty() || !foreign_cache_option("").empty();
  }
  /// "--cache-interval belongs to --strategy deepcache" for the first given option that does not
  /// belong to `strategy`; "" when there is none.
  std::string foreign_cache_option(const std::string& strategy) const;
};

void add_options(CLI::App& command, StrategyChoice& choice);

/// The strategy `name` as the options have it, for a run of `num_steps`. Without key steps those
/// of the paper (non_uniform_IV), but deepcache must be told, and
/// first_block_cache takes none. Throws usage errors.
StrategyOptions strategy_options(const std::string& name, const StrategyChoice& choice,
                                 int num_steps);

/// "deepcache/interval_5", "encoder/uniform_6", as a config's run is named.
std::string strategy_label(const StrategyOptions& strategy, const StrategyChoice& choice);

}  // namespace fdbench
