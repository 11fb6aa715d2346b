// The options of the command line that choose a strategy without a config file: those that the
// table of strategies declares.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>

#include "plan/strategies.h"

namespace fdbench {

struct StrategyChoice {
  /// As key_steps_option takes them; "": not given.
  std::string key_steps;
  /// "": hold.
  std::string reuse;
  /// The texts of options that were given, by flag.
  std::map<std::string, std::string> options;

  /// True when anything was given.
  bool given() const { return !key_steps.empty() || !reuse.empty() || !options.empty(); }
};

void add_options(CLI::App& command, StrategyChoice& choice);

/// "full, encoder, ... or custom", for help texts.
std::string listed_strategies();

/// The strategy `name` as the options have it, for a run of `num_steps`. A strategy that needs key
/// steps gets those of the paper (non_uniform_IV) where none are given. Throws usage errors.
StrategyOptions strategy_options(const std::string& name, const StrategyChoice& choice,
                                 int num_steps);

/// "deepcache/interval_5", "encoder/uniform_6", as a config's run is named.
std::string run_name_of(const StrategyOptions& strategy, const StrategyChoice& choice);

}  // namespace fdbench
