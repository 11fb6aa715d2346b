// How far pictures and latents are from those of another run.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// Peak signal-to-noise ratio, 10 log10(255^2 / MSE). pictures, reference: [n, h, w, 3] uint8 ->
/// [n] float64, dB; infinite where both are identical. Throws a usage error when the shapes differ.
at::Tensor psnr(const at::Tensor& pictures, const at::Tensor& reference);

/// Structural similarity (Wang et al. 2004) with their Gaussian window of 11 x 11 pixels (sigma
/// 1.5), mean over the places where the window fits and over the colours; scikit-image's
/// structural_similarity with gaussian_weights and without sample covariance. pictures, reference:
/// [n, h, w, 3] uint8 -> [n] float64, 1 where both are identical; NaN for pictures smaller than the
/// window. Throws a usage error when the shapes differ.
at::Tensor ssim(const at::Tensor& pictures, const at::Tensor& reference);

/// LPIPS's distance (Zhang et al. 2018, eq. 1) with all channels weighing the same, on the states
/// of any network: at each place the squared distance of the two states, each scaled to length 1;
/// mean over the places and the layers. Between 0 and 4. Values of different networks must not be
/// compared, nor with those of LPIPS's own networks. states, reference: one [n, places, d] a layer
/// -> [n] float64. Throws a usage error when they do not fit each other.
at::Tensor perceptual_distance(const std::vector<at::Tensor>& states,
                               const std::vector<at::Tensor>& reference);

/// Mean squared difference over all but the first axis. latents, reference: [n, ...] -> [n]
/// float64.
at::Tensor latent_mse(const at::Tensor& latents, const at::Tensor& reference);

}  // namespace fdbench
