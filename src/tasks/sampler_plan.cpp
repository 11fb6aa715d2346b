#include "tasks/sampler_plan.h"

namespace fdbench {

StrategyOptions with_first_calls(StrategyOptions options, const Sampler& sampler, int num_steps) {
  const auto num_calls = sampler.timesteps().size();
  const auto extend = [&](KeySteps& key_steps) {
    if (key_steps.size() != static_cast<std::size_t>(num_steps) || num_calls <= key_steps.size()) {
      return;
    }
    key_steps.insert(key_steps.begin(), num_calls - key_steps.size(), true);
  };
  extend(options.key_steps);
  for (auto& [selector, key_steps] : options.custom) extend(key_steps);
  for (auto& [name, cells] : options.grid) {
    if (cells.size() != static_cast<std::size_t>(num_steps) || num_calls <= cells.size()) continue;
    cells.insert(0, num_calls - cells.size(), '#');
  }
  return options;
}

Plan make_plan(const StrategyOptions& options, const Sampler& sampler, int num_steps,
               std::span<const LayerInfo> layers) {
  return make_plan(with_first_calls(options, sampler, num_steps),
                   static_cast<int>(sampler.timesteps().size()), layers);
}

}  // namespace fdbench
