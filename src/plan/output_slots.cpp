#include "plan/output_slots.h"

#include <algorithm>
#include <functional>

#include "core/error.h"
#include "plan/forecast.h"

namespace fdbench {

int OutputSlots::take_slot() {
  if (free_.empty()) return num_slots_++;
  const int slot = free_.back();
  free_.pop_back();
  return slot;
}

int OutputSlots::hold(int layer, const std::vector<int>& steps) {
  int num_reads = 0;
  for (const int step : steps) num_reads += schedule_.num_reads(step, layer);
  const int slot = take_slot();
  outputs_[layer].push_back({slot, steps, num_reads});
  return slot;
}

Operand OutputSlots::operand(int layer, const std::vector<int>& steps) {
  Operand made{.layer = layer};
  std::vector<int> nearest;
  bool is_forecast = false;
  for (const int step : steps) {
    const std::vector<int> sources = schedule_.sources(step, layer);
    nearest.push_back(sources[0]);
    is_forecast |= sources.size() > 1;
    std::vector<Piece>& pieces = made.pieces.emplace_back();
    for (const int source : sources) pieces.push_back(read(layer, source, made.frees));
    made.weights.push_back(forecast_weights(sources, step));
  }
  if (is_forecast) {
    made.gathering = Gathering::kForecast;
    return made;
  }
  made.weights.clear();
  const bool is_same =
      std::adjacent_find(nearest.begin(), nearest.end(), std::not_equal_to<>()) == nearest.end();
  const std::vector<Piece>& first = made.pieces.front();
  const auto is_in_order = [&](std::size_t i) {
    return made.pieces[i][0].slot == first[0].slot && made.pieces[i][0].position == i;
  };
  bool is_whole = steps.size() == first[0].num_steps;
  for (std::size_t i = 0; i < steps.size(); ++i) is_whole = is_whole && is_in_order(i);
  made.gathering = is_same ? Gathering::kOne : is_whole ? Gathering::kWhole : Gathering::kPieces;
  if (made.gathering != Gathering::kPieces) made.pieces.resize(1);
  return made;
}

Piece OutputSlots::read(int layer, int source, std::vector<int>& frees) {
  for (Held& held : outputs_[layer]) {
    const auto found = std::find(held.steps.begin(), held.steps.end(), source);
    if (found == held.steps.end()) continue;
    const Piece piece{held.slot, static_cast<std::size_t>(found - held.steps.begin()),
                      held.steps.size()};
    if (--held.num_reads_left == 0) {
      frees.push_back(held.slot);
      free_.push_back(held.slot);
      outputs_[layer].erase(outputs_[layer].begin() + (&held - outputs_[layer].data()));
    }
    return piece;
  }
  throw runtime_error("layer " + layers_[layer].name + " is read before it ran");
}

}  // namespace fdbench
