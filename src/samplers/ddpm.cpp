#include "samplers/ddpm.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace fdbench {

DdpmOptions read_ddpm_options(const SamplerConfig& config) {
  OptionReader reader(config, "ddpm");
  DdpmOptions read;
  read.noise = read_noise_schedule(reader, {}, Rescaling::kOption, beta_schedule_names());
  read.prediction =
      read_prediction(reader, {"epsilon", "v_prediction", "sample"}, Clipping::kOnByDefault);
  // It is null in DPM-Solver's folders.
  read.variance_type = reader.one_of_or_null("variance_type", read.variance_type,
                                             {"fixed_small", "fixed_small_log", "fixed_large",
                                              "fixed_large_log", "learned", "learned_range"});
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = reader.whole("steps_offset", 0);
  reader.finish();
  return read;
}

DdpmSampler::DdpmSampler(DdpmOptions options, int num_steps)
    : options_(std::move(options)), alphas_cumprod_(make_alphas_cumprod(options_.noise)) {
  const std::vector<std::int64_t> timesteps =
      spaced_timesteps(options_.timestep_spacing, options_.noise.num_train_timesteps, num_steps,
                       options_.steps_offset);
  check_signal(name(), timesteps, alphas_cumprod_, options_.prediction);
  timesteps_.assign(timesteps.begin(), timesteps.end());
}

// "fixed_large_log" is the logarithm of the same variance as "fixed_large" (GLIDE). diffusers 0.42
// takes the square root of that negative logarithm, which is not a number; here both are the same.
at::Tensor DdpmSampler::deviation(float alpha_prod, float alpha_prod_prev,
                                  const at::Tensor& predicted_variance) const {
  const float beta = 1 - alpha_prod / alpha_prod_prev;
  const float posterior = std::max((1 - alpha_prod_prev) / (1 - alpha_prod) * beta, 1e-20F);
  if (options_.variance_type == "learned") return predicted_variance.sqrt();
  if (options_.variance_type == "learned_range") {
    const at::Tensor share = (predicted_variance + 1) / 2;
    return (0.5 * (share * std::log(beta) + (1 - share) * std::log(posterior))).exp();
  }
  const bool large = options_.variance_type.starts_with("fixed_large");
  return at::scalar_tensor(std::sqrt(large ? beta : posterior));
}

at::Tensor DdpmSampler::original_sample(const at::Tensor& model_output, int step,
                                        const at::Tensor& sample) const {
  const at::Tensor output = model_output.to(at::kFloat);
  const float alpha_prod = alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step])];
  return limited(original_sample_of(options_.prediction.prediction_type,
                                    learns_variance() ? output.chunk(2, 1)[0] : output,
                                    sample.to(at::kFloat), signal_level(alpha_prod)),
                 options_.prediction);
}

at::Tensor DdpmSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                             const NoiseSource& noise) {
  at::Tensor predicted_variance;
  if (learns_variance()) {
    if (model_output.size(1) != 2 * sample.size(1)) {
      throw usage_error("sampler ddpm: variance_type '" + options_.variance_type +
                        "' needs a model with " + std::to_string(2 * sample.size(1)) +
                        " output channels, not " + std::to_string(model_output.size(1)));
    }
    predicted_variance = model_output.to(at::kFloat).chunk(2, 1)[1];
  }
  const at::Tensor current = sample.to(at::kFloat);
  const bool last = step + 1 == static_cast<int>(timesteps_.size());
  const float alpha_prod = alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step])];
  const float alpha_prod_prev =
      last ? 1.0F : alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step + 1])];
  const float beta_prod = 1 - alpha_prod;
  const float alpha = alpha_prod / alpha_prod_prev;

  // Formula (7) of the paper.
  at::Tensor next = std::sqrt(alpha_prod_prev) * (1 - alpha) / beta_prod *
                        original_sample(model_output, step, sample) +
                    std::sqrt(alpha) * (1 - alpha_prod_prev) / beta_prod * current;
  if (timesteps_[step] > 0) {
    next = next +
           deviation(alpha_prod, alpha_prod_prev, predicted_variance).to(next) * noise().to(next);
  }
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
