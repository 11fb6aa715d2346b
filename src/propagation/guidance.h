// What a sampler is given of a network's prediction: classifier-free guidance, and the learned
// variances that some models predict beside the noise.
#pragma once

#include <ATen/ATen.h>

#include "models/denoiser.h"
#include "samplers/sampler.h"

namespace fdbench {

/// Throws a usage error unless the model predicts for each latent channel one channel, or two (mean
/// and variance); and for a sampler that learns its variance from a model that predicts none.
void check_prediction(const Denoiser& denoiser, const Sampler& sampler);

/// A network's prediction as the sampler wants it. prediction: [n, p, h, w], with guidance
/// (guidance_scale > 1) [2n, p, h, w] of both halves, unconditional first; p is `channels`, or
/// twice that where variances follow the means. The means are guided, u + scale * (c - u); the
/// variances are those of the conditional half. -> [n, channels, h, w], followed by the variances
/// where the sampler learns them (diffusers' IFPipeline).
at::Tensor sampler_prediction(const at::Tensor& prediction, double guidance_scale,
                              std::int64_t channels, bool learns_variance);

}  // namespace fdbench
