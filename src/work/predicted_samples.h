// Pictures along the steps (figure 7): what the sampler takes the clean picture for.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "results/unit_file.h"
#include "tasks/task.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// Keeps the estimates of one batch of pictures.
class PredictedSamples {
 public:
  /// The pictures are `first` and the `count` - 1 after; those are kept that are among the first
  /// ones of the sweep, which the config asks for.
  PredictedSamples(const PreparedSweep& sweep, const PreparedRun& run, std::int64_t first,
                   std::int64_t count);

  bool is_wanted() const { return num_pictures_ > 0; }
  /// Of the run's last stage. sample: [count, c, axes...].
  void observe(int step, const at::Tensor& sample);
  /// m pictures that are kept, T steps that are drawn -> picture_arrays::kPredictedLatents
  /// [m, T, c, axes...] float32 (NaN at steps that were left out) and kPredictedImages
  /// [m, T, H, W, 3] uint8 (black there). latents, images: of the pictures as they became. Throws
  /// what Task::decode throws.
  Arrays arrays(const Task& task, const at::Tensor& latents, const at::Tensor& images) const;

 private:
  std::vector<int> steps_;
  std::int64_t num_pictures_ = 0;
  /// [T] of [m, c, axes...]; undefined where the step was left out.
  std::vector<at::Tensor> samples_;
};

}  // namespace fdbench
