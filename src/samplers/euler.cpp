#include "samplers/euler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fdbench {
namespace {

constexpr double kAny = 1e30;

/// Evenly spaced logarithms over all training sigmas, noisiest first, one more than the steps.
std::vector<double> log_linear_sigmas(const std::vector<float>& trained, int num_steps) {
  const at::Tensor spaced =
      at::linspace(std::log(trained.back()), std::log(trained.front()), num_steps + 1, at::kFloat)
          .exp()
          .to(at::kDouble);
  const double* data = spaced.const_data_ptr<double>();
  return {data, data + spaced.numel()};
}

SigmaSchedule euler_schedule(const EulerOptions& options, int num_steps) {
  const std::vector<float> trained = training_sigmas(make_nonzero_alphas_cumprod(options.noise));
  SigmaSchedule schedule;
  schedule.timesteps = euler_timesteps(options.timestep_spacing, options.noise.num_train_timesteps,
                                       num_steps, options.steps_offset);
  std::vector<double> sigmas = options.interpolation_type == "linear"
                                   ? interpolated(schedule.timesteps, trained)
                                   : log_linear_sigmas(trained, num_steps);
  if (has_spread(options.sigma)) {
    sigmas = spread_sigmas(options.sigma, sigmas.front(), sigmas.back(), num_steps);
    schedule.timesteps = timesteps_of_sigmas(sigmas, trained);
  }
  schedule.sigmas.assign(sigmas.begin(), sigmas.end());
  schedule.sigmas.push_back(options.sigma.final_sigmas_type == "zero" ? 0 : trained[0]);
  const bool continuous =
      options.timestep_type == "continuous" && options.prediction_type == "v_prediction";
  // As in diffusers this is one more than the steps where "log_linear" is.
  if (continuous) schedule.timesteps.resize(schedule.sigmas.size() - 1);
  for (std::size_t i = 0; i < schedule.timesteps.size(); ++i) {
    if (continuous) schedule.timesteps[i] = 0.25F * std::log(schedule.sigmas[i]);
    schedule.timesteps[i] = static_cast<float>(schedule.timesteps[i]);
  }
  return schedule;
}

}  // namespace

EulerOptions read_euler_options(const SamplerConfig& config) {
  OptionReader reader(config, "euler");
  EulerOptions read;
  read.noise = read_noise_schedule(reader);
  read.sigma = read_sigma_options(reader);
  read.prediction_type = reader.one_of("prediction_type", read.prediction_type,
                                       {"epsilon", "sample", "v_prediction", "original_sample"});
  if (read.prediction_type == "original_sample") read.prediction_type = "sample";
  read.interpolation_type =
      reader.one_of("interpolation_type", read.interpolation_type, {"linear", "log_linear"});
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.timestep_type =
      reader.one_of("timestep_type", read.timestep_type, {"discrete", "continuous"});
  read.steps_offset = reader.whole("steps_offset", 0);
  read.s_churn = reader.number_within("s_churn", read.s_churn, 0, kAny);
  read.s_tmin = reader.number_within("s_tmin", read.s_tmin, 0, kAny);
  read.s_tmax = reader.optional_number("s_tmax").value_or(read.s_tmax);
  read.s_noise = reader.number_within("s_noise", read.s_noise, 0, kAny);
  reader.finish();
  return read;
}

std::vector<double> euler_timesteps(const std::string& spacing, std::int64_t num_train_timesteps,
                                    int num_steps, std::int64_t steps_offset) {
  const auto spaced = spaced_timesteps(spacing, num_train_timesteps, num_steps, steps_offset);
  std::vector<double> timesteps(spaced.begin(), spaced.end());
  if (spacing == "linspace") {
    timesteps = evenly_spaced(0, static_cast<double>(num_train_timesteps - 1), num_steps);
    std::reverse(timesteps.begin(), timesteps.end());
    for (double& timestep : timesteps) timestep = static_cast<float>(timestep);
  }
  return timesteps;
}

double euler_init_noise_sigma(const std::vector<float>& sigmas, const std::string& spacing) {
  const float highest = *std::max_element(sigmas.begin(), sigmas.end());
  return spacing == "leading" ? std::sqrt(highest * highest + 1) : highest;
}

at::Tensor euler_original_sample(const std::string& prediction_type, const at::Tensor& model_output,
                                 const at::Tensor& sample, float sigma, float sigma_hat) {
  if (prediction_type == "epsilon") return sample - sigma_hat * model_output;
  if (prediction_type == "sample") return model_output;
  const float variance = sigma * sigma + 1;
  return model_output * (-sigma / std::sqrt(variance)) + sample / variance;
}

EulerSampler::EulerSampler(EulerOptions options, int num_steps)
    : options_(std::move(options)), schedule_(euler_schedule(options_, num_steps)) {}

at::Tensor EulerSampler::scale_model_input(const at::Tensor& sample, int step) const {
  const float sigma = schedule_.sigmas[step];
  return sample / std::sqrt(sigma * sigma + 1);
}

at::Tensor EulerSampler::original_sample(const at::Tensor& model_output, int step,
                                         const at::Tensor& sample) const {
  const float sigma = schedule_.sigmas[step];
  return euler_original_sample(options_.prediction_type, model_output.to(at::kFloat),
                               sample.to(at::kFloat), sigma, sigma);
}

at::Tensor EulerSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                              const NoiseSource& noise) {
  const at::Tensor output = model_output.to(at::kFloat);
  at::Tensor current = sample.to(at::kFloat);
  const float sigma = schedule_.sigmas[step];
  float sigma_hat = sigma;
  if (options_.s_churn > 0 && sigma >= options_.s_tmin && sigma <= options_.s_tmax) {
    const double churn = options_.s_churn / static_cast<double>(schedule_.sigmas.size() - 1);
    sigma_hat = static_cast<float>(sigma * (std::min(churn, std::sqrt(2.0) - 1) + 1));
    current = current + noise().to(current) * options_.s_noise *
                            std::sqrt(sigma_hat * sigma_hat - sigma * sigma);
  }
  const at::Tensor original_sample =
      euler_original_sample(options_.prediction_type, output, current, sigma, sigma_hat);
  const at::Tensor derivative = (current - original_sample) / sigma_hat;
  return (current + derivative * (schedule_.sigmas[step + 1] - sigma_hat)).to(sample.scalar_type());
}

}  // namespace fdbench
