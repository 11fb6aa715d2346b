// The schedule: what a plan makes really run. A layer whose output nobody needs at a step is not
// run, whatever its cell says.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "plan/plan.h"

namespace fdbench {

/// Follows from the plan and the graph: at each step, walk back from the last layer through
/// `compute` cells and stop at `reuse`. So the strategy `decoder` runs nothing between key steps,
/// as `encoder_decoder` does: the prediction is reused, and what the encoder would give, nobody
/// would read.
class Schedule {
 public:
  /// Throws a usage error when a needed layer is reused that no earlier step ran, and when a row is
  /// dropped in part: but optional layers (models/denoiser.h) may be.
  Schedule(const Plan& plan, std::span<const LayerInfo> layers);

  const Plan& plan() const { return plan_; }
  int num_steps() const { return num_steps_; }
  int num_layers() const { return num_layers_; }
  /// True when the layer runs at the step.
  bool runs(int step, int layer) const { return runs_[index(step, layer)]; }
  /// True when at least one layer runs at the step.
  bool calls(int step) const;
  /// Step whose output of `layer` is the one in force at `step`: `step` itself where it runs, else
  /// the nearest earlier step that ran it; -1 before the first.
  int source(int step, int layer) const { return source_[index(step, layer)]; }
  /// Steps whose outputs of `layer` make the one in force at `step`, the nearest first: `step`
  /// alone where it runs, else the last ones that ran it, as many as Plan::reuse takes and there
  /// are.
  std::vector<int> sources(int step, int layer) const;
  /// Where one output is in force at `step` as it is, its step; -1 where it is a forecast.
  int held_source(int step, int layer) const;
  /// True when the step is left out.
  bool dropped(int step) const { return dropped_[step]; }
  /// True when a layer that runs at the step reads the input: another layer, and not one that is
  /// left out.
  bool reads(int step, const Edge& input) const {
    if (input.layer == kSample) return false;
    return input.kind != EdgeKind::kOptional || plan_.at(step, input.layer) != Cell::kDrop;
  }
  /// True when the step runs no layer that depends on the latent of its own step, so that it can
  /// share a batch with the steps before it.
  bool independent(int step) const { return independent_[step]; }
  /// Steps at which at least one layer runs.
  int num_calls() const;
  /// Layer runs over all steps; the full run has num_steps * num_layers.
  std::int64_t num_layer_runs() const;
  /// True when some layer of some step that was not left out did not run.
  bool reuses() const;
  /// How often `layer`'s output of `step` is read: by layers that run at this step or later, and as
  /// a prediction.
  int num_reads(int step, int layer) const { return num_reads_[index(step, layer)]; }
  /// True when `layer`'s output of `step` is wanted at a later step.
  bool wanted_later(int step, int layer) const { return wanted_later_[index(step, layer)]; }

 private:
  std::size_t index(int step, int layer) const {
    return static_cast<std::size_t>(step) * num_layers_ + layer;
  }
  void mark_dropped(const Plan& plan, std::span<const LayerInfo> layers);
  void walk_back(int step, const Plan& plan, std::span<const LayerInfo> layers);
  void mark_independent(int step, std::span<const LayerInfo> layers);
  void count_reads(int step, std::span<const LayerInfo> layers);
  void read(int step, int layer);

  Plan plan_;
  int num_steps_, num_layers_;
  std::vector<bool> runs_, wanted_later_, dropped_, independent_;
  std::vector<int> source_, num_reads_;
};

}  // namespace fdbench
