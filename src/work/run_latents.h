// How a run makes latents: the same for its pictures and for its timing, so that what is timed is
// what is drawn.
#pragma once

#include <functional>
#include <vector>

#include "execution/executor.h"
#include "tasks/picture_noise.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// What a stage of a run starts from and is made with.
struct RunLatents {
  std::unique_ptr<Sampler> sampler;
  PictureNoise noise;
  at::Tensor start;
  ExecutorOptions options;

  /// run: of the stage. pictures: indices in the sweep.
  RunLatents(const PreparedSweep& sweep, const StageRun& run, const Task& task, std::size_t stage,
             const std::vector<std::int64_t>& pictures);
  /// `denoise` with all of it. Called once.
  DenoiseResult make(const StageRun& run, const Denoiser& denoiser, const PromptPair& pair);
};

/// Conditioning of a stage for the prompts of pictures first .. first + count - 1, for pictures of
/// the sweep's size. last: the sample of the stage before, [count, c, axes...].
PromptPair encode_pair(const PreparedSweep& sweep, const Task& task, std::size_t stage,
                       std::int64_t first, std::int64_t count, const at::Tensor& last = {});

}  // namespace fdbench
