#include "plan/schedule.h"

#include <algorithm>

#include "core/error.h"

namespace fdbench {
namespace {

/// A step in the paper's downward count and in sampling order.
std::string step_text(int step, int num_steps) {
  return "step " + std::to_string(num_steps - step) + " (number " + std::to_string(step + 1) +
         " of " + std::to_string(num_steps) + ")";
}

}  // namespace

Schedule::Schedule(const Plan& plan, std::span<const LayerInfo> layers)
    : plan_(plan), num_steps_(plan.num_steps()), num_layers_(plan.num_layers()) {
  if (layers.size() != static_cast<std::size_t>(num_layers_)) {
    throw usage_error("the plan has " + std::to_string(num_layers_) + " layers, the model " +
                      std::to_string(layers.size()));
  }
  const std::size_t num_cells = plan.cells().size();
  runs_.assign(num_cells, false);
  wanted_later_.assign(num_cells, false);
  source_.assign(num_cells, -1);
  num_reads_.assign(num_cells, 0);
  independent_.assign(num_steps_, true);
  mark_dropped(plan, layers);
  for (int step = 0; step < num_steps_; ++step) {
    walk_back(step, plan, layers);
    mark_independent(step, layers);
    count_reads(step, layers);
  }
}

void Schedule::mark_dropped(const Plan& plan, std::span<const LayerInfo> layers) {
  const std::vector<bool> is_optional = optional_layers(layers);
  dropped_.assign(num_steps_, false);
  for (int step = 0; step < num_steps_; ++step) {
    int num_dropped = 0, first_fault = -1;
    for (int layer = 0; layer < num_layers_; ++layer) {
      if (plan.at(step, layer) != Cell::kDrop) continue;
      ++num_dropped;
      if (!is_optional[layer] && first_fault < 0) first_fault = layer;
    }
    dropped_[step] = num_dropped == num_layers_;
    if (dropped_[step] || first_fault < 0) continue;
    throw usage_error("the plan drops a part of " + step_text(step, num_steps_) + ", " +
                      layers[first_fault].name +
                      " among it; only whole steps and control networks can be dropped");
  }
}

void Schedule::walk_back(int step, const Plan& plan, std::span<const LayerInfo> layers) {
  std::vector<bool> needed(num_layers_, false);
  needed[num_layers_ - 1] = !dropped_[step];
  for (int layer = num_layers_ - 1; layer >= 0; --layer) {
    const std::size_t cell = index(step, layer);
    source_[cell] = step == 0 ? -1 : source_[index(step - 1, layer)];
    if (!needed[layer]) continue;
    if (plan.at(step, layer) == Cell::kCompute) {
      runs_[cell] = true;
      source_[cell] = step;
      for (const Edge& input : layers[layer].inputs) {
        if (reads(step, input)) needed[input.layer] = true;
      }
    } else if (plan.at(step, layer) == Cell::kDrop) {
      throw usage_error("the plan drops " + layers[layer].name + " at " +
                        step_text(step, num_steps_) +
                        ", but layers behind it compute: drop the whole control network");
    } else if (source_[cell] < 0) {
      throw usage_error("the plan reuses " + layers[layer].name + " at " +
                        step_text(step, num_steps_) + ", but no earlier step has run it");
    }
  }
}

void Schedule::mark_independent(int step, std::span<const LayerInfo> layers) {
  std::vector<bool> on_sample(num_layers_, false);
  for (int layer = 0; layer < num_layers_; ++layer) {
    if (!runs(step, layer)) continue;
    const std::vector<Edge>& inputs = layers[layer].inputs;
    on_sample[layer] = std::any_of(inputs.begin(), inputs.end(), [&](const Edge& input) {
      return input.layer == kSample || (reads(step, input) && on_sample[input.layer]);
    });
    if (on_sample[layer]) independent_[step] = false;
  }
}

void Schedule::read(int step, int layer) {
  for (const int source : sources(step, layer)) {
    ++num_reads_[index(source, layer)];
    if (!runs(step, layer)) wanted_later_[index(source, layer)] = true;
  }
}

std::vector<int> Schedule::sources(int step, int layer) const {
  std::vector<int> steps = {source(step, layer)};
  if (runs(step, layer)) return steps;
  const auto most = static_cast<std::size_t>(num_sources(plan_.reuse()));
  while (steps.size() < most && steps.back() > 0) {
    const int before = source(steps.back() - 1, layer);
    if (before < 0) break;
    steps.push_back(before);
  }
  return steps;
}

int Schedule::held_source(int step, int layer) const {
  const std::vector<int> steps = sources(step, layer);
  return steps.size() == 1 ? steps[0] : -1;
}

void Schedule::count_reads(int step, std::span<const LayerInfo> layers) {
  for (int layer = 0; layer < num_layers_; ++layer) {
    if (!runs(step, layer)) continue;
    for (const Edge& input : layers[layer].inputs) {
      if (reads(step, input)) read(step, input.layer);
    }
  }
  if (!dropped_[step]) read(step, num_layers_ - 1);
}

bool Schedule::calls(int step) const {
  const auto row = runs_.begin() + static_cast<std::ptrdiff_t>(index(step, 0));
  return std::find(row, row + num_layers_, true) != row + num_layers_;
}

int Schedule::num_calls() const {
  int count = 0;
  for (int step = 0; step < num_steps_; ++step) count += calls(step) ? 1 : 0;
  return count;
}

std::int64_t Schedule::num_layer_runs() const {
  return std::count(runs_.begin(), runs_.end(), true);
}

bool Schedule::reuses() const {
  for (int step = 0; step < num_steps_; ++step) {
    if (dropped_[step]) continue;
    for (int layer = 0; layer < num_layers_; ++layer) {
      if (!runs(step, layer)) return true;
    }
  }
  return false;
}

}  // namespace fdbench
