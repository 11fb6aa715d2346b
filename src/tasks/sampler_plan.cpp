#include "tasks/sampler_plan.h"

#include "tasks/control_schedule.h"

namespace fdbench {

StrategyOptions with_first_calls(StrategyOptions options, const Sampler& sampler, int num_steps) {
  const auto num_calls = sampler.timesteps().size();
  const auto extend = [&](KeySteps& key_steps) {
    if (key_steps.size() != static_cast<std::size_t>(num_steps) || num_calls <= key_steps.size()) {
      return;
    }
    key_steps.insert(key_steps.begin(), num_calls - key_steps.size(), true);
  };
  const auto extend_cells = [&](std::string& cells) {
    if (cells.size() != static_cast<std::size_t>(num_steps) || num_calls <= cells.size()) return;
    cells.insert(0, num_calls - cells.size(), '#');
  };
  extend(options.key_steps);
  for (auto& [name, value] : options.options.values()) {
    if (auto* blocks = std::get_if<KeyStepsByPart>(&value)) {
      for (auto& [selector, key_steps] : *blocks) extend(key_steps);
    }
    if (auto* grid = std::get_if<GridLines>(&value)) {
      for (auto& [layer, cells] : *grid) extend_cells(cells);
    }
  }
  return options;
}

Plan make_plan(const StrategyOptions& options, const Sampler& sampler, int num_steps,
               std::span<const LayerInfo> layers, const std::vector<ControlSource>& controls) {
  Plan plan = make_plan(with_first_calls(options, sampler, num_steps),
                        static_cast<int>(sampler.timesteps().size()), layers);
  limit_controls(plan, layers, controls);
  return plan;
}

}  // namespace fdbench
