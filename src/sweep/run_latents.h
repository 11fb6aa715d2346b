// How a run makes latents: the same for its pictures and for its timing, so that what is timed is
// what is drawn.
#pragma once

#include "execution/executor.h"
#include "sweep/prepared_sweep.h"
#include "tasks/picture_noise.h"

namespace fdbench {

/// Conditioning of a batch and, where it has an unconditional half, of that.
struct PromptPair {
  Conditioning conditional, unconditional;
};

/// What a run's latents start from and are made with.
struct RunLatents {
  std::unique_ptr<Sampler> sampler;
  PictureNoise noise;
  at::Tensor start;
  ExecutorOptions options;

  /// pictures: indices in the sweep.
  RunLatents(const PreparedSweep& sweep, const PreparedRun& run, const Denoiser& denoiser,
             const std::vector<std::int64_t>& pictures);
  /// `denoise` with all of it. Called once.
  DenoiseResult make(const PreparedRun& run, const Denoiser& denoiser, const PromptPair& pair);
};

}  // namespace fdbench
