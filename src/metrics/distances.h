// How far pictures and latents are from those of another run.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// Peak signal-to-noise ratio, 10 log10(255^2 / MSE). pictures, reference: [n, h, w, 3] uint8 ->
/// [n] float64, dB; infinite where both are identical. Throws a usage error when the shapes differ.
at::Tensor psnr(const at::Tensor& pictures, const at::Tensor& reference);

/// Mean squared difference over all but the first axis. latents, reference: [n, ...] -> [n]
/// float64.
at::Tensor latent_mse(const at::Tensor& latents, const at::Tensor& reference);

}  // namespace fdbench
