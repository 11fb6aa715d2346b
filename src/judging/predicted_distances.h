// How far the pictures along the steps of a run are from the baseline's at the same step.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// Pictures along the steps of a run: m pictures, T steps.
struct PredictedPictures {
  /// [T], as the sampler has them.
  std::vector<double> timesteps;
  /// [T], counted from 0 in sampling order.
  std::vector<int> steps;
  /// [m, T, c, axes...]; NaN at steps that were left out.
  at::Tensor latents;
  /// [m, T, H, W, 3] uint8.
  at::Tensor images;
};

/// [m, T] float64 each; NaN where one of both has no picture.
struct PredictedDistances {
  at::Tensor latent_mse;
  /// [dB]
  at::Tensor psnr;
};

/// Two steps are the same where their timesteps are: runs of other numbers of steps have only some
/// in common. Of repeated timesteps (pndm) the one at the same place is taken. Both of the same
/// pictures.
PredictedDistances predicted_distances(const PredictedPictures& pictures,
                                       const PredictedPictures& reference);

}  // namespace fdbench
