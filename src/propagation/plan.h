// The plan: a grid of sampling steps by layers that says what is computed, what is reused and what
// is left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/denoiser.h"
#include "propagation/forecast.h"

namespace fdbench {

enum class Cell : std::uint8_t {
  kDrop = 0,     // leave the whole step out, its update too (whole rows only)
  kReuse = 1,    // take the output of the nearest earlier step that computed the layer, or a
                 // forecast from the last ones: Plan::reuse
  kCompute = 2,  // run the layer
};

/// Rows are steps in sampling order, columns the layers of a denoiser.
class Plan {
 public:
  Plan(int num_steps, int num_layers, Cell fill = Cell::kCompute);

  int num_steps() const { return num_steps_; }
  int num_layers() const { return num_layers_; }
  Cell at(int step, int layer) const { return cells_[index(step, layer)]; }
  void set(int step, int layer, Cell cell) { cells_[index(step, layer)] = cell; }
  Reuse reuse() const { return reuse_; }
  void set_reuse(Reuse reuse) { reuse_ = reuse; }
  /// True when the step is left out.
  bool dropped(int step) const { return at(step, 0) == Cell::kDrop; }
  std::span<const Cell> cells() const { return cells_; }
  bool operator==(const Plan&) const = default;

 private:
  std::size_t index(int step, int layer) const {
    return static_cast<std::size_t>(step) * num_layers_ + layer;
  }
  int num_steps_, num_layers_;
  std::vector<Cell> cells_;
  Reuse reuse_ = Reuse::kHold;
};

}  // namespace fdbench
