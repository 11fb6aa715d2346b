// The network part of the executor: runs the layers that a batch of steps needs and holds the
// outputs that are still read.
#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "plan/exact_savings.h"
#include "plan/schedule.h"

namespace fdbench {

/// Adds up the wall time between `start` and `stop`; both wait until the device is done.
class Stopwatch {
 public:
  explicit Stopwatch(at::Device device) : device_(device) {}

  void start();
  void stop();
  double seconds() const { return seconds_; }

 private:
  at::Device device_;
  std::chrono::steady_clock::time_point start_;
  double seconds_ = 0;
};

/// What a plan that is decided during the run (AdaptiveRefresh) asks of the pass.
struct RowDecision {
  int head = -1;           // layer after which `decide` is called; -1: never
  std::vector<bool> held;  // by layer: a later step may read its output
  /// May replace the step's row of the schedule. head_input: the output of layer 0.
  std::function<void(int step, const at::Tensor& head_input, const at::Tensor& head_output)> decide;
};

/// B below: pictures, times two with guidance.
class NetworkPass {
 public:
  using Observer = std::function<void(int step, int layer, const at::Tensor& output)>;

  /// conditioning: of batch B = batch_size. height, width: of the latent. tome: with a seed for
  /// each picture. All arguments outlive the pass.
  NetworkPass(const Denoiser& denoiser, const Schedule& schedule, const Conditioning& conditioning,
              std::int64_t batch_size, std::int64_t height, std::int64_t width,
              const ExactSavings& savings, const SeededTokenMerging& tome, RowDecision decision);

  /// Runs each layer once for all of `steps` that need it. steps: in sampling order, each runs at
  /// least one layer; only the first may read `sample` ([B, C, H, W], or of a smaller batch that
  /// stands for its repetition, as in kernels/batch.h). timesteps: of all steps of the run.
  /// observer: may be empty; its time is not counted.
  void run(std::span<const int> steps, std::span<const double> timesteps, const at::Tensor& sample,
           const Observer& observer);
  /// The prediction in force at `step`, [B, C, H, W]. Asked for once a step, in sampling order.
  at::Tensor prediction(int step);
  /// Time in the network so far.
  double seconds() const { return stopwatch_.seconds(); }
  /// Most that was held at any time from one batch of steps to the next: outputs that later steps
  /// read, and what the savings keep [bytes].
  std::int64_t peak_held_bytes() const { return peak_held_bytes_; }

 private:
  /// Outputs of one layer for several steps, one after the other along the batch.
  struct Output {
    std::vector<int> steps;
    at::Tensor
        batch;  // [B * steps, ...], or smaller: the same for all steps, or for both guidance halves
    int num_reads_left = 0;  // freed at 0
  };

  void begin(std::span<const int> steps, std::span<const double> timesteps);
  void run_layer(int layer, const std::vector<int>& steps, const at::Tensor& sample,
                 const Observer& observer);
  /// `layer`'s outputs that are in force at `steps`, along the batch. Counts as one reading for
  /// each step.
  at::Tensor gather(int layer, const std::vector<int>& steps);
  at::Tensor gather_held(int layer, const std::vector<int>& steps);
  at::Tensor gather_forecasts(int layer, const std::vector<int>& steps);
  /// The part of a batch of outputs that is of step `source`: [B, ...] or smaller.
  at::Tensor piece_of(const Output& output, int source) const;
  /// The second input of an up layer: whether it is the one of the last call, and whether it comes
  /// again.
  LayerInput skip_input(int layer, int input, const std::vector<int>& steps);
  /// Calls `decide` with what `step` has computed so far.
  void decide_row(int step);
  /// Where rows are decided during the run, reads cannot be counted ahead: drops what no row reads.
  void free_unwanted();
  void measure_held();
  Output& output_of(int layer, int source);
  /// Of a batch of `num_steps` steps, the one at `position`: [B, ...] or smaller.
  at::Tensor slice(const at::Tensor& batch, std::size_t position, std::size_t num_steps) const;
  StepContext context_of(const std::vector<int>& steps) const;
  /// Token merging with the seeds of each entry of a batch of these steps.
  SeededTokenMerging merging_of(const std::vector<int>& steps) const;
  void observe(const Observer& observer, int layer, const Output& output);

  const Denoiser& denoiser_;
  const Schedule& schedule_;
  const Conditioning& conditioning_;
  std::int64_t batch_size_, height_, width_;
  ExactSavings savings_;
  const SeededTokenMerging& tome_;
  RowDecision decision_;
  Stopwatch stopwatch_;
  std::vector<int> steps_;                    // of the current batch
  StepContext context_;                       // of the current batch
  std::vector<std::vector<Output>> outputs_;  // by layer
  std::vector<LayerScratch> scratch_;         // by layer
  std::vector<int>
      skip_source_;  // by layer: step whose skip its last call took; -1: none, or of several
  std::int64_t peak_held_bytes_ = 0;
};

}  // namespace fdbench
