#include "tasks/control_schedule.h"

#include <algorithm>

#include "core/error.h"

namespace fdbench {
namespace {

bool counts_at(const ControlSource& source, int step, int num_steps) {
  const double steps = num_steps;
  return step / steps >= source.control_guidance_start &&
         (step + 1) / steps <= source.control_guidance_end;
}

/// Layers of network `index`.
std::vector<int> layers_of(std::span<const LayerInfo> layers, std::size_t index,
                           std::size_t count) {
  const std::string prefix = control_prefix(index, count);
  std::vector<int> own;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].name.starts_with(prefix)) own.push_back(static_cast<int>(i));
  }
  return own;
}

void limit(Plan& plan, const std::vector<int>& own, const ControlSource& source) {
  std::vector<bool> has_run(static_cast<std::size_t>(plan.num_layers()), false);
  for (int step = 0; step < plan.num_steps(); ++step) {
    const auto cell = [&](int layer) { return plan.at(step, layer); };
    const bool is_held_early = std::any_of(own.begin(), own.end(), [&](int layer) {
      return cell(layer) == Cell::kReuse && !has_run[static_cast<std::size_t>(layer)];
    });
    const bool counts = counts_at(source, step, plan.num_steps()) && !is_held_early;
    for (const int layer : own) {
      if (!counts) plan.set(step, layer, Cell::kDrop);
      if (cell(layer) == Cell::kCompute) has_run[static_cast<std::size_t>(layer)] = true;
    }
  }
}

}  // namespace

void limit_controls(Plan& plan, std::span<const LayerInfo> layers,
                    const std::vector<ControlSource>& sources) {
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const ControlSource& source = sources[i];
    if (source.control_guidance_start <= 0 && source.control_guidance_end >= 1) continue;
    if (plan.adaptive()) {
      throw usage_error(
          "a control network that starts late or ends early does not go with a strategy that "
          "decides during the run");
    }
    limit(plan, layers_of(layers, i, sources.size()), source);
  }
}

}  // namespace fdbench
