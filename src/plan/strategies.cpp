#include "plan/strategies.h"

#include <algorithm>

#include "core/error.h"
#include "plan/control_use.h"
#include "plan/keyed_plan.h"

namespace fdbench {

/// Rows that stand in files of their own, plan/NAME.cpp.
Strategy deepcache_strategy();
Strategy first_block_cache_strategy();
Strategy custom_strategy();

namespace {

using Layers = std::span<const LayerInfo>;

bool any_layer(const LayerInfo&) { return true; }
bool decoder_layer(const LayerInfo& layer) { return layer.part == parts::kDecoder; }
bool encoder_layer(const LayerInfo& layer) { return !decoder_layer(layer); }

Plan full_plan(const StrategyOptions&, int num_steps, Layers layers) {
  return Plan(num_steps, static_cast<int>(layers.size()));
}

/// Between key steps, `kOtherwise` in the layers that `kIsChosen` picks.
template <Cell kOtherwise, bool (*kIsChosen)(const LayerInfo&)>
Plan between_key_steps(const StrategyOptions& options, int, Layers layers) {
  return keyed_plan(options.key_steps, layers, kOtherwise, kIsChosen);
}

/// What is held between key steps is skips with the residuals of control networks added to them, as
/// in the authors' code; where the networks are computed or dropped, the sums are made anew.
Plan encoder_plan(const StrategyOptions& options, int, Layers layers) {
  Plan plan = keyed_plan(options.key_steps, layers, Cell::kReuse, encoder_layer);
  const ControlUse use = control_use_of(options.options, ControlUse::kHold, layers);
  if (use == ControlUse::kHold) return plan;
  set_networks(plan, options.key_steps, layers, use);
  const std::vector<bool> is_sum = residual_sums(layers);
  for (int step = 0; step < plan.num_steps(); ++step) {
    for (int layer = 0; layer < plan.num_layers(); ++layer) {
      if (is_sum[static_cast<std::size_t>(layer)]) plan.set(step, layer, Cell::kCompute);
    }
  }
  return plan;
}

std::vector<Strategy> table() {
  return {
      {.name = kPlainStrategy,
       .help = "computes everything at every step: the baseline",
       .key_steps = KeyStepUse::kNone,
       .without_key_steps = "takes no key_steps: it computes everything",
       .is_plain = true,
       .make = full_plan},
      {.name = "encoder",
       .help = "reuses the encoder and the bottleneck between key steps (the paper)",
       .options = {control_option(ControlUse::kHold)},
       .make = encoder_plan},
      {.name = "decoder",
       .help = "reuses the decoder between key steps",
       .make = between_key_steps<Cell::kReuse, decoder_layer>},
      {.name = "encoder_decoder",
       .help = "reuses the whole prediction between key steps",
       .make = between_key_steps<Cell::kReuse, any_layer>},
      {.name = "drop",
       .help = "leaves the steps between key steps out",
       .make = between_key_steps<Cell::kDrop, any_layer>},
      deepcache_strategy(),
      first_block_cache_strategy(),
      custom_strategy(),
  };
}

const Strategy* known_strategy(const std::string& name) {
  const auto found = std::find_if(strategies().begin(), strategies().end(),
                                  [&](const Strategy& strategy) { return strategy.name == name; });
  return found == strategies().end() ? nullptr : &*found;
}

}  // namespace

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> rows = table();
  return rows;
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const Strategy& strategy : strategies()) names.push_back(strategy.name);
  return names;
}

const Strategy& find_strategy(const std::string& name) {
  if (const Strategy* strategy = known_strategy(name)) return *strategy;
  throw usage_error("strategy '" + name + "' is not known" + advice(name, strategy_names()));
}

bool is_plain_strategy(const std::string& name) {
  const Strategy* strategy = known_strategy(name);
  return strategy != nullptr && strategy->is_plain;
}

std::vector<std::string> owners_of_option(const std::string& option) {
  std::vector<std::string> owners;
  for (const Strategy& strategy : strategies()) {
    const auto& options = strategy.options;
    const bool has_it = std::any_of(options.begin(), options.end(),
                                    [&](const Option& own) { return own.name == option; });
    if (has_it) owners.push_back(strategy.name);
  }
  return owners;
}

Plan make_plan(const StrategyOptions& options, int num_steps, Layers layers) {
  const Strategy& strategy = find_strategy(options.name);
  if (strategy.key_steps != KeyStepUse::kNone) {
    check_key_steps(options.key_steps, num_steps, "strategy '" + strategy.name + "'");
  }
  StrategyOptions complete = options;
  complete.options = with_initial_values(options.options, strategy.options);
  Plan plan = strategy.make(complete, num_steps, layers);
  plan.set_reuse(options.reuse);
  return plan;
}

StrategyOptions resolve_for_model(StrategyOptions options, Layers layers) {
  const Strategy& strategy = find_strategy(options.name);
  options.options = with_initial_values(std::move(options.options), strategy.options);
  if (strategy.resolve != nullptr) {
    options.options = strategy.resolve(std::move(options.options), layers);
  }
  return options;
}

void make_key_steps(StrategyOptions& options, int num_steps) {
  const Strategy& strategy = find_strategy(options.name);
  if (!options.key_steps.empty() || strategy.make_key_steps == nullptr) return;
  options.key_steps =
      strategy.make_key_steps(with_initial_values(options.options, strategy.options), num_steps);
}

std::string strategy_label(const StrategyOptions& options, const std::string& key_label) {
  const Strategy& strategy = find_strategy(options.name);
  const OptionSet values = with_initial_values(options.options, strategy.options);
  if (strategy.label != nullptr) return strategy.label(values, key_label);
  const std::string label = options_label(values, strategy.options);
  return key_label.empty() || label.empty() ? key_label + label : key_label + "/" + label;
}

}  // namespace fdbench
