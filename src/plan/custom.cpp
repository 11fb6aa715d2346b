// A plan of the user's own: key steps by part, block or layer, of which the most specific name
// counts, or a grid.
#include <algorithm>

#include "core/error.h"
#include "plan/keyed_plan.h"
#include "plan/plan_grid.h"
#include "plan/strategy.h"

namespace fdbench {
namespace {

using Layers = std::span<const LayerInfo>;

constexpr const char* kBlocks = "blocks";
constexpr const char* kGrid = "grid";

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

void check_selectors(const KeyStepsByPart& blocks, int num_steps, Layers layers) {
  const std::vector<std::string> names = selectors(layers);
  for (const auto& [selector, key_steps] : blocks) {
    check_key_steps(key_steps, num_steps, "custom: '" + selector + "'");
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
const KeySteps* key_steps_of(const LayerInfo& layer, const KeyStepsByPart& blocks) {
  for (const std::string& selector : {layer.name, layer.block, layer.part}) {
    const auto found = blocks.find(selector);
    if (found != blocks.end()) return &found->second;
  }
  return nullptr;
}

Plan make_custom_plan(const StrategyOptions& options, int num_steps, Layers layers) {
  const auto grid = options.options.find<GridLines>(kGrid);
  if (grid) return plan_of_grid(*grid, num_steps, layers);
  const auto blocks = options.options.find<KeyStepsByPart>(kBlocks).value_or(KeyStepsByPart());
  if (blocks.empty()) {
    throw usage_error("strategy 'custom' needs key steps by part, block or layer");
  }
  check_selectors(blocks, num_steps, layers);
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (std::size_t layer = 0; layer < layers.size(); ++layer) {
    const KeySteps* key_steps = key_steps_of(layers[layer], blocks);
    for (int step = 0; key_steps != nullptr && step < num_steps; ++step) {
      if (!(*key_steps)[step]) plan.set(step, static_cast<int>(layer), Cell::kReuse);
    }
  }
  return plan;
}

}  // namespace

Strategy custom_strategy() {
  return {
      .name = "custom",
      .help = "reuses what its own key steps by part, block or layer, or its grid, say",
      .key_steps = KeyStepUse::kNone,
      .without_key_steps = "takes no key_steps: 'blocks' has them by part, block or layer",
      .options = {{.name = kBlocks,
                   .type = OptionType::kKeyStepsByPart,
                   .help = "key steps by part (encoder), block or layer; the most specific name "
                           "counts, and what no name covers computes at every step",
                   .noun = "key steps"},
                  {.name = kGrid,
                   .type = OptionType::kGrid,
                   .help = "every cell: what `fdbench plan` prints, inline or {file: FILE}, or "
                           "a map of names to cells",
                   .not_with = {kBlocks},
                   .noun = "the cells"}},
      .needs_one_of = {kBlocks, kGrid},
      .make = make_custom_plan};
}

}  // namespace fdbench
