// The plan: a grid of sampling steps by layers that says what is computed, what is reused and what
// is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/denoiser.h"
#include "plan/forecast.h"

namespace fdbench {

enum class Cell : std::uint8_t {
  /// Leave the whole step out, its update too (whole rows); of an optional layer
  /// (models/denoiser.h), do without what it would add.
  kDrop = 0,
  /// Take the output of the nearest earlier step that computed the layer, or a forecast from the
  /// last ones: Plan::reuse.
  kReuse = 1,
  /// Run the layer.
  kCompute = 2,
};

/// What decides during the run whether a step computes everything or `cached` alone
/// (first_block_cache.h).
struct AdaptiveRefresh {
  /// Relative change above which a step computes everything.
  double threshold = 0;
  /// First steps that compute everything in any case.
  int warmup = 0;
  /// Most steps in a row that reuse; 0: no limit.
  int max_run = 0;
  /// Last layer of the first block: what is looked at.
  int head = 0;
  /// Row of a step that reuses: `head` and all that it is made of compute in it.
  std::vector<Cell> cached;
  /// Layer whose output the first block starts from.
  int input = 0;

  bool operator==(const AdaptiveRefresh&) const = default;
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
  /// Of plans that are decided during the run; the cells say what can happen at most.
  const std::optional<AdaptiveRefresh>& adaptive() const { return adaptive_; }
  void set_adaptive(AdaptiveRefresh adaptive) { adaptive_ = std::move(adaptive); }
  /// True when the step is left out.
  bool dropped(int step) const { return at(step, num_layers_ - 1) == Cell::kDrop; }
  std::span<const Cell> cells() const { return cells_; }
  bool operator==(const Plan&) const = default;

 private:
  std::size_t index(int step, int layer) const {
    return static_cast<std::size_t>(step) * num_layers_ + layer;
  }
  int num_steps_, num_layers_;
  std::vector<Cell> cells_;
  Reuse reuse_ = Reuse::kHold;
  std::optional<AdaptiveRefresh> adaptive_;
};

}  // namespace fdbench
