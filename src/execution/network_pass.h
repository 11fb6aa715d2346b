// The network part of the executor: runs the ops of a program and holds the outputs that are still
// read.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/stopwatch.h"
#include "execution/row_decider.h"
#include "models/denoiser.h"
#include "plan/program.h"

namespace fdbench {

/// Called with the output of each layer that ran: step in sampling order, layer, output [B, ...] of
/// that step alone. With guidance the batch is [unconditional; conditional].
using LayerObserver = std::function<void(int step, int layer, const Value& output)>;

/// B below: pictures, times two with guidance.
class NetworkPass {
 public:
  /// conditioning: of batch B. shape: of the sample, its batch is B. timesteps: of all steps of the
  /// run. tome: with a seed for each picture. The arguments outlive the pass, `timesteps` and
  /// `shape` excepted.
  NetworkPass(const Denoiser& denoiser, const Program& program, const Conditioning& conditioning,
              SampleShape shape, std::span<const double> timesteps, const SeededTokenMerging& tome);

  /// Runs the ops of a call that has some. sample: [B, C, ...] of the call's first step, or of a
  /// smaller batch that stands for its repetition, as in kernels/batch.h; not read unless
  /// `Call::reads_sample`. observer: may be empty; its time is not counted.
  void run(std::size_t call, const at::Tensor& sample, const LayerObserver& observer);
  /// The prediction in force at `step`, [B, C, ...]. Asked for once a step, in sampling order.
  at::Tensor prediction(int step);
  /// Time in the network so far.
  double seconds() const { return stopwatch_.seconds(); }
  /// Layer runs so far, a step each.
  std::int64_t num_layer_runs() const { return num_layer_runs_; }
  /// Most that was held at any time from one call to the next: outputs that later steps read, and
  /// memos [bytes].
  std::int64_t peak_held_bytes() const { return peak_held_bytes_; }

 private:
  /// Makes the states of a call's steps.
  void begin(std::size_t call);
  void run_ops(std::span<const Op> ops, const Call& call, const at::Tensor& sample,
               const LayerObserver& observer);
  /// Of a program whose rows a rule chooses between.
  void run_row(const Call& call, const at::Tensor& sample, const LayerObserver& observer);
  const StepState& state(const Call& call, int index);
  Value gather(const Operand& operand, int step, const at::Tensor& sample);
  Value forecast(const Operand& operand, int step) const;
  /// Entries of one step, [B, ...] or smaller.
  Value piece(const Piece& piece) const;
  void store(const Op& op, const Call& call, Value output, const LayerObserver& observer);
  void measure_held();
  CallOptions options_of(std::span<const int> steps) const;

  const Denoiser& denoiser_;
  const Program& program_;
  const Conditioning& conditioning_;
  SampleShape shape_;
  const SeededTokenMerging& tome_;
  /// By call.
  std::vector<at::Tensor> timesteps_;
  Stopwatch stopwatch_;
  /// Of the current call, as `Call::states`; those that nobody asked for yet are empty.
  std::vector<std::unique_ptr<StepState>> states_;
  /// As many as the program has from the start, so that pointers to them stay.
  std::vector<Value> slots_;
  /// Of a program whose rows a rule chooses between: step of each slot's output.
  std::vector<int> slot_steps_;
  std::unique_ptr<RowDecider> decider_;
  /// What the rule looks at.
  std::vector<const Value*> seen_;
  /// By layer.
  std::vector<std::unique_ptr<LayerMemo>> memos_;
  /// Of the current op.
  std::vector<LayerInput> inputs_;
  std::int64_t num_layer_runs_ = 0, peak_held_bytes_ = 0;
};

}  // namespace fdbench
