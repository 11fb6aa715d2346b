#include "plan/strategies.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace fdbench {
namespace {

using Layers = std::span<const LayerInfo>;

struct Strategy {
  const char* name;
  Plan (*make)(const StrategyOptions& options, int num_steps, Layers layers);
};

void check_mask(const KeySteps& key_steps, int num_steps, const std::string& owner) {
  if (key_steps.size() != static_cast<std::size_t>(num_steps)) {
    throw usage_error(owner + " needs key steps for " + std::to_string(num_steps) + " steps, not " +
                      std::to_string(key_steps.size()));
  }
  if (!key_steps[0]) throw usage_error(owner + ": the first step must be a key step");
}

/// Compute; but between key steps, `otherwise` in the layers that `is_reused` picks.
template <typename Predicate>
Plan keyed_plan(const KeySteps& key_steps, Layers layers, Cell otherwise, Predicate is_reused) {
  const int num_steps = static_cast<int>(key_steps.size());
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (int step = 0; step < num_steps; ++step) {
    if (key_steps[step]) continue;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      if (is_reused(layers[layer])) plan.set(step, static_cast<int>(layer), otherwise);
    }
  }
  return plan;
}

bool any_layer(const LayerInfo&) { return true; }
bool decoder_layer(const LayerInfo& layer) { return layer.part == parts::kDecoder; }
bool encoder_layer(const LayerInfo& layer) { return !decoder_layer(layer); }

Plan full_plan(const StrategyOptions&, int num_steps, Layers layers) {
  return Plan(num_steps, static_cast<int>(layers.size()));
}
Plan encoder_plan(const StrategyOptions& options, int, Layers layers) {
  return keyed_plan(options.key_steps, layers, Cell::kReuse, encoder_layer);
}
Plan decoder_plan(const StrategyOptions& options, int, Layers layers) {
  return keyed_plan(options.key_steps, layers, Cell::kReuse, decoder_layer);
}
Plan encoder_decoder_plan(const StrategyOptions& options, int, Layers layers) {
  return keyed_plan(options.key_steps, layers, Cell::kReuse, any_layer);
}
Plan drop_plan(const StrategyOptions& options, int, Layers layers) {
  return keyed_plan(options.key_steps, layers, Cell::kDrop, any_layer);
}
Plan cached_branch_plan(const StrategyOptions& options, int, Layers layers) {
  return deepcache_plan(options.deepcache.value_or(DeepCacheOptions()), options.key_steps, layers);
}

Plan adaptive_plan(const StrategyOptions& options, int num_steps, Layers layers) {
  return first_block_cache_plan(options.first_block_cache.value_or(FirstBlockCacheOptions()),
                                num_steps, layers);
}

/// Names that may select layers of this model.
std::vector<std::string> selectors(Layers layers) {
  std::vector<std::string> names;
  for (const LayerInfo& layer : layers) {
    if (std::find(names.begin(), names.end(), layer.part) == names.end()) {
      names.push_back(layer.part);
    }
  }
  for (const LayerInfo& layer : layers) {
    if (names.back() != layer.block) names.push_back(layer.block);
    if (layer.name != layer.block) names.push_back(layer.name);
  }
  return names;
}

void check_selectors(const StrategyOptions& options, int num_steps, Layers layers) {
  const std::vector<std::string> names = selectors(layers);
  for (const auto& [selector, key_steps] : options.custom) {
    check_mask(key_steps, num_steps, "custom: '" + selector + "'");
    bool matches = false;
    for (const LayerInfo& layer : layers) {
      matches |= selector == layer.name || selector == layer.block || selector == layer.part;
    }
    if (!matches) {
      throw usage_error("custom: '" + selector + "' is not a layer, block or part of this model" +
                        advice(selector, names));
    }
  }
}

/// The most specific selector's key steps; nullptr when none names the layer.
const KeySteps* key_steps_of(const LayerInfo& layer,
                             const std::map<std::string, KeySteps>& custom) {
  for (const std::string& selector : {layer.name, layer.block, layer.part}) {
    const auto found = custom.find(selector);
    if (found != custom.end()) return &found->second;
  }
  return nullptr;
}

Plan custom_plan(const StrategyOptions& options, int num_steps, Layers layers) {
  if (!options.grid.empty()) return plan_of_grid(options.grid, num_steps, layers);
  if (options.custom.empty()) {
    throw usage_error("strategy 'custom' needs key steps by part, block or layer");
  }
  check_selectors(options, num_steps, layers);
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const KeySteps* key_steps = key_steps_of(layers[layer], options.custom);
    for (int step = 0; key_steps != nullptr && step < num_steps; ++step) {
      if (!(*key_steps)[step]) plan.set(step, static_cast<int>(layer), Cell::kReuse);
    }
  }
  return plan;
}

constexpr std::array kStrategies = {
    Strategy{"full", full_plan},
    Strategy{"encoder", encoder_plan},
    Strategy{"decoder", decoder_plan},
    Strategy{"encoder_decoder", encoder_decoder_plan},
    Strategy{"drop", drop_plan},
    Strategy{"deepcache", cached_branch_plan},
    Strategy{"first_block_cache", adaptive_plan},
    Strategy{"custom", custom_plan},
};

/// True where key steps are no option of the strategy.
bool is_unkeyed(const std::string& strategy) {
  return strategy == "full" || strategy == "first_block_cache" || strategy == "custom";
}

}  // namespace

Plan make_plan(const StrategyOptions& options, int num_steps, Layers layers) {
  for (const Strategy& strategy : kStrategies) {
    if (options.name != strategy.name) continue;
    if (!is_unkeyed(options.name))
      check_mask(options.key_steps, num_steps, "strategy '" + options.name + "'");
    Plan plan = strategy.make(options, num_steps, layers);
    plan.set_reuse(options.reuse);
    return plan;
  }
  throw usage_error("strategy '" + options.name + "' is not known" +
                    advice(options.name, strategy_names()));
}

StrategyOptions resolve_for_model(StrategyOptions options, Layers layers) {
  if (options.deepcache) options.deepcache = resolve_branch(*options.deepcache, layers);
  return options;
}

std::vector<std::string> strategy_names() {
  std::vector<std::string> names;
  for (const Strategy& strategy : kStrategies) names.push_back(strategy.name);
  return names;
}

}  // namespace fdbench
