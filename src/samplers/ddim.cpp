#include "samplers/ddim.h"

#include <cmath>
#include <utility>

namespace fdbench {

DdimOptions read_ddim_options(const SamplerConfig& config) {
  OptionReader reader(config, "ddim");
  DdimOptions read;
  read.noise = read_noise_schedule(reader);
  read.prediction =
      read_prediction(reader, {"epsilon", "v_prediction", "sample"}, Clipping::kOnByDefault);
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = reader.whole("steps_offset", 0);
  read.set_alpha_to_one = reader.boolean("set_alpha_to_one", true);
  read.eta = reader.number_within("eta", read.eta, 0, 1);
  reader.finish();
  return read;
}

DdimSampler::DdimSampler(DdimOptions options, int num_steps)
    : options_(std::move(options)), alphas_cumprod_(make_alphas_cumprod(options_.noise)) {
  const std::vector<std::int64_t> timesteps =
      spaced_timesteps(options_.timestep_spacing, options_.noise.num_train_timesteps, num_steps,
                       options_.steps_offset);
  check_signal(name(), timesteps, alphas_cumprod_, options_.prediction);
  timesteps_.assign(timesteps.begin(), timesteps.end());
}

float DdimSampler::alpha_prod_prev(std::int64_t timestep) const {
  const std::int64_t num_steps = static_cast<std::int64_t>(timesteps_.size());
  const std::int64_t next = timestep - options_.noise.num_train_timesteps / num_steps;
  if (next >= 0) return alphas_cumprod_[next];
  return options_.set_alpha_to_one ? 1.0F : alphas_cumprod_[0];
}

at::Tensor DdimSampler::original_sample(const at::Tensor& model_output, int step,
                                        const at::Tensor& sample) const {
  const SignalLevel level =
      signal_level(alphas_cumprod_[static_cast<std::int64_t>(timesteps_[step])]);
  return limited(
      original_sample_of(options_.prediction.prediction_type, model_output, sample, level),
      options_.prediction);
}

// Formulas (12) and (16) of the paper, in float32 as diffusers computes them.
at::Tensor DdimSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                             const NoiseSource& noise) {
  const std::string& type = options_.prediction.prediction_type;
  const auto timestep = static_cast<std::int64_t>(timesteps_[step]);
  const float alpha_prod = alphas_cumprod_[timestep];
  const float alpha_prod_prev = this->alpha_prod_prev(timestep);
  const SignalLevel level = signal_level(alpha_prod);
  const float beta_ratio = (1 - alpha_prod_prev) / (1 - alpha_prod);
  const float variance = beta_ratio * (1 - alpha_prod / alpha_prod_prev);
  const float sigma =
      options_.eta > 0 ? static_cast<float>(options_.eta) * std::sqrt(variance) : 0.0F;
  const float direction = std::sqrt(1 - alpha_prod_prev - sigma * sigma);
  at::Tensor next = std::sqrt(alpha_prod_prev) * original_sample(model_output, step, sample) +
                    direction * epsilon_of(type, model_output, sample, level);
  if (options_.eta > 0) next = next + sigma * noise().to(next);
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
