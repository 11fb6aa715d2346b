// What a sampler is given of a network's prediction: classifier-free guidance, and the learned
// variances that some models predict beside the noise.
#pragma once

#include <ATen/ATen.h>

#include "models/denoiser.h"
#include "samplers/sampler.h"

namespace fdbench {

/// True when guidance doubles the batch, [unconditional; conditional]: at scales above 1, unless
/// the scale is an input of the network (`ModelInfo::time_cond_proj_dim`).
bool has_guidance_halves(const Denoiser& denoiser, double guidance_scale);

/// The conditioning with the embedded guidance scale where the network takes one and none is there:
/// w = guidance_scale - 1, as diffusers' StableDiffusionPipeline and LatentConsistencyModelPipeline
/// have it.
Conditioning with_guidance(const Denoiser& denoiser, Conditioning conditioning,
                           double guidance_scale);

/// Throws a usage error unless the model predicts for each latent channel one channel, or two (mean
/// and variance); and for a sampler that learns its variance from a model that predicts none.
void check_prediction(const Denoiser& denoiser, const Sampler& sampler);

/// Classifier-free guidance of a prediction.
struct Guidance {
  /// Up to 1: none, and the prediction has no halves.
  double scale = 1;
  /// 0 to 1: that share of the guided mean is brought to the standard deviation of the conditional
  /// one in each picture (Lin et al., Common Diffusion Noise Schedules and Sample Steps are Flawed,
  /// section 3.4; diffusers' rescale_noise_cfg).
  double rescale = 0;
  /// The first so many channels are guided, the others are the conditional half's; 0: all. The
  /// original DiT guides 3 of 4 (its forward_with_cfg), diffusers' DiTPipeline all.
  std::int64_t channels = 0;
};

/// A network's prediction as the sampler wants it. prediction: [n, p, h, w], with guidance [2n, p,
/// h, w] of both halves, unconditional first; p is `channels`, or twice that where variances follow
/// the means. The means are guided, u + scale * (c - u); the variances are those of the conditional
/// half. -> [n, channels, h, w], followed by the variances where the sampler learns them
/// (diffusers' IFPipeline).
at::Tensor sampler_prediction(const at::Tensor& prediction, const Guidance& guidance,
                              std::int64_t channels, bool learns_variance);

}  // namespace fdbench
