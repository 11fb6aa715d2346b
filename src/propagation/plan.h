// The plan: a grid of sampling steps by layers that says what is computed, what is reused and what is left out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/denoiser.h"

namespace fdbench {

enum class Cell : std::uint8_t {
  kDrop = 0,     // leave the whole step out, its update too (whole rows only)
  kReuse = 1,    // take the output of the nearest earlier step that computed the layer
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
};

/// What a plan makes really run: a layer whose output nobody needs at a step is not run, whatever its cell says.
class Schedule {
 public:
  /// Throws a usage error when a cell reuses a layer that no earlier step computed, or drops part of a row.
  Schedule(const Plan& plan, std::span<const LayerInfo> layers);

  int num_steps() const { return num_steps_; }
  int num_layers() const { return num_layers_; }
  /// True when the layer runs at the step.
  bool runs(int step, int layer) const { return runs_[index(step, layer)]; }
  /// Step whose output of `layer` is the one in force at `step`: `step` itself where it runs, else the nearest earlier step that
  /// ran it; -1 before the first.
  int source(int step, int layer) const { return source_[index(step, layer)]; }
  bool dropped(int step) const { return dropped_[step]; }
  /// True when the step runs no layer that depends on the latent of its own step, so that it can share a batch with the steps
  /// before it.
  bool independent(int step) const { return independent_[step]; }
  /// Steps at which at least one layer runs.
  int num_calls() const;
  /// Layer runs over all steps, and how many of the full run's they are.
  std::int64_t num_layer_runs() const;
  /// True when some layer of some step that was not left out did not run.
  bool reuses() const;
  /// True when `layer`'s output of `step` is wanted at a later step.
  bool wanted_later(int step, int layer) const { return wanted_later_[index(step, layer)]; }

 private:
  std::size_t index(int step, int layer) const {
    return static_cast<std::size_t>(step) * num_layers_ + layer;
  }
  int num_steps_, num_layers_;
  std::vector<bool> runs_, wanted_later_, dropped_, independent_;
  std::vector<int> source_;
};

}  // namespace fdbench
