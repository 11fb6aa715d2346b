#include "propagation/guidance.h"

#include <vector>

#include "core/error.h"

namespace fdbench {

void check_prediction(const Denoiser& denoiser, const Sampler& sampler) {
  const std::int64_t channels = denoiser.in_channels(), predicted = denoiser.out_channels();
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

at::Tensor sampler_prediction(const at::Tensor& prediction, double guidance_scale,
                              std::int64_t channels, bool learns_variance) {
  at::Tensor mean = prediction, variance;
  if (prediction.size(1) > channels) {
    const std::vector<at::Tensor> parts = prediction.split(channels, 1);
    mean = parts[0];
    variance = parts[1];
  }
  if (guidance_scale > 1) {
    const std::vector<at::Tensor> halves = mean.chunk(2, 0);
    mean = halves[0] + guidance_scale * (halves[1] - halves[0]);
    if (variance.defined()) variance = variance.chunk(2, 0)[1];
  }
  return learns_variance ? at::cat({mean, variance}, 1) : mean;
}

}  // namespace fdbench
