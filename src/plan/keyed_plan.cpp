#include "plan/keyed_plan.h"

#include "core/error.h"

namespace fdbench {

void check_key_steps(const KeySteps& key_steps, int num_steps, const std::string& owner) {
  if (key_steps.size() != static_cast<std::size_t>(num_steps)) {
    throw usage_error(owner + " needs key steps for " + std::to_string(num_steps) + " steps, not " +
                      std::to_string(key_steps.size()));
  }
  if (!key_steps[0]) throw usage_error(owner + ": the first step must be a key step");
}

Plan keyed_plan(const KeySteps& key_steps, std::span<const LayerInfo> layers, Cell otherwise,
                bool (*is_chosen)(const LayerInfo& layer)) {
  const int num_steps = static_cast<int>(key_steps.size());
  Plan plan(num_steps, static_cast<int>(layers.size()));
  for (int step = 0; step < num_steps; ++step) {
    if (key_steps[step]) continue;
    for (std::size_t layer = 0; layer < layers.size(); ++layer) {
      if (is_chosen(layers[layer])) plan.set(step, static_cast<int>(layer), otherwise);
    }
  }
  return plan;
}

}  // namespace fdbench
