// The network part of the executor: runs the layers that a batch of steps needs and holds the
// outputs that are still read.
#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <functional>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "propagation/schedule.h"

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

/// B below: pictures, times two with guidance.
class NetworkPass {
 public:
  using Observer = std::function<void(int step, int layer, const at::Tensor& output)>;

  /// conditioning: of batch B = batch_size. height, width: of the latent. All arguments outlive the
  /// pass.
  NetworkPass(const Denoiser& denoiser, const Schedule& schedule, const Conditioning& conditioning,
              std::int64_t batch_size, std::int64_t height, std::int64_t width);

  /// Runs each layer once for all of `steps` that need it. steps: in sampling order, each runs at
  /// least one layer; only the first may read `sample` ([B, C, H, W]). timesteps: of all steps of
  /// the run. observer: may be empty; its time is not counted.
  void run(std::span<const int> steps, std::span<const double> timesteps, const at::Tensor& sample,
           const Observer& observer);
  /// The prediction in force at `step`, [B, C, H, W]. Asked for once a step, in sampling order.
  at::Tensor prediction(int step);
  /// Time in the network so far.
  double seconds() const { return stopwatch_.seconds(); }

 private:
  /// Outputs of one layer for several steps, one after the other along the batch.
  struct Output {
    std::vector<int> steps;
    at::Tensor batch;        // [B * steps, ...]
    int num_reads_left = 0;  // freed at 0
  };

  void begin(std::span<const int> steps, std::span<const double> timesteps);
  void run_layer(int layer, const std::vector<int>& steps, const at::Tensor& sample,
                 const Observer& observer);
  /// `layer`'s outputs that are in force at `steps`, along the batch. Counts as one reading for
  /// each step.
  at::Tensor gather(int layer, const std::vector<int>& steps);
  Output& output_of(int layer, int source);
  at::Tensor slice(const at::Tensor& batch, std::size_t position) const;
  StepContext context_of(const std::vector<int>& steps) const;
  void observe(const Observer& observer, int layer, const Output& output);

  const Denoiser& denoiser_;
  const Schedule& schedule_;
  const Conditioning& conditioning_;
  std::int64_t batch_size_, height_, width_;
  Stopwatch stopwatch_;
  std::vector<int> steps_;                    // of the current batch
  StepContext context_;                       // of the current batch
  std::vector<std::vector<Output>> outputs_;  // by layer
};

}  // namespace fdbench
