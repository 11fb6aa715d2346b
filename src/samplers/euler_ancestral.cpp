#include "samplers/euler_ancestral.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fdbench {

EulerAncestralOptions read_euler_ancestral_options(const SamplerConfig& config) {
  OptionReader reader(config, "euler_ancestral");
  EulerAncestralOptions read;
  read.noise = read_noise_schedule(reader);
  read.prediction_type =
      reader.one_of("prediction_type", read.prediction_type, {"epsilon", "v_prediction"});
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = reader.whole("steps_offset", 0);
  reader.finish();
  return read;
}

EulerAncestralSampler::EulerAncestralSampler(EulerAncestralOptions options, int num_steps)
    : options_(std::move(options)) {
  schedule_.timesteps =
      euler_timesteps(options_.timestep_spacing, options_.noise.num_train_timesteps, num_steps,
                      options_.steps_offset);
  const std::vector<double> sigmas = interpolated(
      schedule_.timesteps, training_sigmas(make_nonzero_alphas_cumprod(options_.noise)));
  schedule_.sigmas.assign(sigmas.begin(), sigmas.end());
  schedule_.sigmas.push_back(0);
}

at::Tensor EulerAncestralSampler::scale_model_input(const at::Tensor& sample, int step) const {
  const float sigma = schedule_.sigmas[step];
  return sample / std::sqrt(sigma * sigma + 1);
}

at::Tensor EulerAncestralSampler::original_sample(const at::Tensor& model_output, int step,
                                                  const at::Tensor& sample) const {
  const float sigma = schedule_.sigmas[step];
  return euler_original_sample(options_.prediction_type, model_output.to(at::kFloat),
                               sample.to(at::kFloat), sigma, sigma);
}

// A step down to sigma_down, then noise of sigma_up, so that both make the next sigma.
at::Tensor EulerAncestralSampler::step(const at::Tensor& model_output, int step,
                                       const at::Tensor& sample, const NoiseSource& noise) {
  const at::Tensor current = sample.to(at::kFloat);
  const float from = schedule_.sigmas[step], to = schedule_.sigmas[step + 1];
  const float sigma_up = std::sqrt(to * to * (from * from - to * to) / (from * from));
  // Rounding can make it less than nothing where `from` is large.
  const float sigma_down = std::sqrt(std::max(to * to - sigma_up * sigma_up, 0.0F));
  const at::Tensor derivative = (current - original_sample(model_output, step, sample)) / from;
  const at::Tensor next =
      current + derivative * (sigma_down - from) + noise().to(current) * sigma_up;
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
