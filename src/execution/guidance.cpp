#include "execution/guidance.h"

#include <vector>

#include "core/error.h"
#include "nn/embeddings.h"

namespace fdbench {

namespace {

/// diffusers' name of the embedded guidance scale.
constexpr const char* kGuidanceInput = "timestep_cond";

/// Standard deviation of each picture, [n, 1, 1, 1].
at::Tensor deviation(const at::Tensor& prediction) {
  return prediction.std(at::IntArrayRef{1, 2, 3}, /*unbiased=*/true, /*keepdim=*/true);
}

at::Tensor rescaled(const at::Tensor& guided, const at::Tensor& conditional, double rescale) {
  const at::Tensor whole = guided * (deviation(conditional) / deviation(guided));
  return rescale * whole + (1 - rescale) * guided;
}

}  // namespace

bool has_guidance_halves(const Denoiser& denoiser, double guidance_scale) {
  return guidance_scale > 1 && denoiser.info().time_cond_proj_dim == 0;
}

Conditioning with_guidance(const Denoiser& denoiser, Conditioning conditioning,
                           double guidance_scale) {
  const std::int64_t width = denoiser.info().time_cond_proj_dim;
  if (width == 0 || conditioning.has(kGuidanceInput)) return conditioning;
  conditioning.set(kGuidanceInput, guidance_scale_embedding(guidance_scale - 1, width)
                                       .to(denoiser.info().device, denoiser.info().dtype));
  return conditioning;
}

void check_prediction(const Denoiser& denoiser, const Sampler& sampler) {
  const std::int64_t channels = denoiser.info().in_channels,
                     predicted = denoiser.info().out_channels;
  if (predicted != channels && predicted != 2 * channels) {
    throw usage_error("the model predicts " + std::to_string(predicted) +
                      " channels for latents of " + std::to_string(channels) +
                      "; wanted are as many, or twice as many (learned "
                      "variances)");
  }
  if (sampler.learns_variance() && predicted == channels) {
    throw usage_error("sampler " + sampler.name() +
                      ": a learned variance_type needs a model with " +
                      std::to_string(2 * channels) + " output channels, not " +
                      std::to_string(predicted) + "; use variance_type fixed_small");
  }
}

at::Tensor sampler_prediction(const at::Tensor& prediction, const Guidance& guidance,
                              std::int64_t channels, bool learns_variance) {
  at::Tensor mean = prediction, variance;
  if (prediction.size(1) > channels) {
    const std::vector<at::Tensor> parts = prediction.split(channels, 1);
    mean = parts[0];
    variance = parts[1];
  }
  if (guidance.scale > 1) {
    const std::vector<at::Tensor> halves = mean.chunk(2, 0);
    mean = halves[0] + guidance.scale * (halves[1] - halves[0]);
    if (guidance.rescale > 0) mean = rescaled(mean, halves[1], guidance.rescale);
    if (guidance.channels > 0 && guidance.channels < channels) {
      mean = at::cat({mean.narrow(1, 0, guidance.channels),
                      halves[1].narrow(1, guidance.channels, channels - guidance.channels)},
                     1);
    }
    if (variance.defined()) variance = variance.chunk(2, 0)[1];
  }
  return learns_variance ? at::cat({mean, variance}, 1) : mean;
}

}  // namespace fdbench
