// What a strategy says of itself: the row of the table in strategies.cpp. Whoever reads, shows,
// names or stores a strategy goes by it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/denoiser.h"
#include "plan/key_steps.h"
#include "plan/option.h"
#include "plan/plan.h"

namespace fdbench {

/// The strategy that reuses nothing: what others are compared with, and what a run has by itself.
inline constexpr const char* kPlainStrategy = "full";

/// A strategy with all that its plan is made of.
struct StrategyOptions {
  /// One of strategy_names().
  std::string name = kPlainStrategy;
  /// Where the strategy has key steps.
  KeySteps key_steps;
  /// Those that the strategy declares, without initial values where none were given.
  OptionSet options;
  /// What a reused output is.
  Reuse reuse = Reuse::kHold;
};

enum class KeyStepUse {
  kNone,
  kNeeded,
  /// The strategy may make them of its options.
  kOptional,
};

struct Strategy {
  std::string name;
  /// What it does between key steps, for tables of strategies.
  std::string help;
  KeyStepUse key_steps = KeyStepUse::kNeeded;
  /// Where it takes none: why, to stand after the name of the strategy in a message.
  std::string without_key_steps = {};
  /// True for the one that reuses nothing.
  bool is_plain = false;
  std::vector<Option> options = {};
  /// At least one of them must be given ("key_steps" may be among them); empty: there is no need.
  std::vector<std::string> needs_one_of = {};
  /// Under which name the values stand in a run's settings; "": the strategy's.
  std::string settings_key = {};
  /// The plan. options: with initial values, key steps of num_steps entries where it has any.
  Plan (*make)(const StrategyOptions& options, int num_steps, std::span<const LayerInfo> layers);
  /// Key steps of options that make them (initial values included); null where there are none.
  /// Throws a usage error about the option.
  KeySteps (*make_key_steps)(const OptionSet& values, int num_steps) = nullptr;
  /// Fills in what depends on the model; null where nothing does.
  OptionSet (*resolve)(OptionSet values, std::span<const LayerInfo> layers) = nullptr;
  /// What names of runs have after the strategy; null: key_label and options_label.
  std::string (*label)(const OptionSet& values, const std::string& key_label) = nullptr;
};

}  // namespace fdbench
