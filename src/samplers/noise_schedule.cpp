#include "samplers/noise_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/error.h"

namespace fdbench {
namespace {

/// Rounds halves to even, as NumPy does (the default rounding mode of the machine).
std::int64_t round_half_even(double value) {
  return static_cast<std::int64_t>(std::nearbyint(value));
}

/// Share of the picture's variance at t in 0..1: a squared cosine (Nichol and Dhariwal, 2021).
double squared_cosine(double t) {
  const double cosine = std::cos((t + 0.008) / 1.008 * std::numbers::pi / 2);
  return cosine * cosine;
}

/// As `squared_cosine`, where the log signal-to-noise ratio follows a Laplace distribution.
double laplace(double t) {
  const double side = std::copysign(1.0, 0.5 - t);
  const double log_snr = -0.5 * side * std::log(1 - 2 * std::fabs(0.5 - t) + 1e-6);
  const double snr = std::exp(log_snr);
  return std::sqrt(snr / (1 + snr));
}

/// Betas whose cumulative product follows `alpha_bar`, at most 0.999.
template <typename AlphaBar>
at::Tensor betas_along(const AlphaBar& alpha_bar, std::int64_t num_timesteps) {
  std::vector<double> betas;
  for (std::int64_t i = 0; i < num_timesteps; ++i) {
    const double before = static_cast<double>(i) / num_timesteps;
    const double after = static_cast<double>(i + 1) / num_timesteps;
    betas.push_back(std::min(1 - alpha_bar(after) / alpha_bar(before), 0.999));
  }
  return at::tensor(betas, at::kFloat);
}

at::Tensor scheduled_betas(const NoiseScheduleOptions& options) {
  const std::int64_t count = options.num_train_timesteps;
  if (!options.trained_betas.empty()) return at::tensor(options.trained_betas, at::kFloat);
  if (options.beta_schedule == "linear") {
    return at::linspace(options.beta_start, options.beta_end, count, at::kFloat);
  }
  if (options.beta_schedule == "scaled_linear") {
    return at::linspace(std::sqrt(options.beta_start), std::sqrt(options.beta_end), count,
                        at::kFloat)
        .pow(2);
  }
  if (options.beta_schedule == "squaredcos_cap_v2") return betas_along(squared_cosine, count);
  if (options.beta_schedule == "laplace") return betas_along(laplace, count);
  if (options.beta_schedule == "sigmoid") {
    return at::linspace(-6, 6, count, at::kFloat).sigmoid() *
               (options.beta_end - options.beta_start) +
           options.beta_start;
  }
  throw usage_error("beta_schedule '" + options.beta_schedule + "' is not known" +
                    advice(options.beta_schedule, beta_schedule_names()));
}

std::vector<std::int64_t> leading_timesteps(std::int64_t num_train_timesteps, int num_steps,
                                            std::int64_t steps_offset) {
  std::vector<std::int64_t> timesteps;
  const std::int64_t ratio = num_train_timesteps / num_steps;
  for (int i = num_steps - 1; i >= 0; --i) timesteps.push_back(i * ratio + steps_offset);
  return timesteps;
}

std::vector<std::int64_t> trailing_timesteps(std::int64_t num_train_timesteps, int num_steps) {
  std::vector<std::int64_t> timesteps;
  const double last = static_cast<double>(num_train_timesteps);
  // NumPy's arange counts with this difference, which is not always the ratio to the last bit. For
  // a few step counts (61, 103) rounding gives diffusers one timestep more, -1; it is left out
  // here.
  const double difference = (last - last / num_steps) - last;
  for (int i = 0; i < num_steps; ++i) {
    timesteps.push_back(round_half_even(last + i * difference) - 1);
  }
  return timesteps;
}

std::vector<std::int64_t> linspace_timesteps(std::int64_t num_train_timesteps, int num_steps) {
  std::vector<std::int64_t> timesteps;
  const double last = static_cast<double>(num_train_timesteps - 1);
  for (int i = num_steps - 1; i > 0; --i) {
    const bool is_last = i == num_steps - 1;
    timesteps.push_back(round_half_even(is_last ? last : i * (last / (num_steps - 1))));
  }
  timesteps.push_back(0);
  return timesteps;
}

void check_timesteps(const std::vector<std::int64_t>& timesteps, std::int64_t num_train_timesteps,
                     std::int64_t steps_offset) {
  const auto [lowest, highest] = std::minmax_element(timesteps.begin(), timesteps.end());
  if (*lowest >= 0 && *highest < num_train_timesteps) return;
  throw usage_error("steps_offset " + std::to_string(steps_offset) + " with " +
                    std::to_string(timesteps.size()) + " steps leads to timestep " +
                    std::to_string(*lowest < 0 ? *lowest : *highest) + ", outside 0.." +
                    std::to_string(num_train_timesteps - 1) +
                    "; use fewer steps or another steps_offset")
      .about("steps_offset");
}

}  // namespace

std::vector<std::string> beta_schedule_names() {
  return {"linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid", "laplace"};
}

std::vector<std::string> timestep_spacing_names() { return {"leading", "trailing", "linspace"}; }

at::Tensor make_betas(const NoiseScheduleOptions& options) {
  const at::Tensor betas = scheduled_betas(options);
  return options.rescale_betas_zero_snr ? rescale_zero_terminal_snr(betas) : betas;
}

at::Tensor rescale_zero_terminal_snr(const at::Tensor& betas) {
  at::Tensor signal = (1.0 - betas).cumprod(0).sqrt();
  const at::Tensor first = signal[0].clone(), last = signal[-1].clone();
  signal = (signal - last) * (first / (first - last));
  const at::Tensor alphas_cumprod = signal.pow(2);
  const at::Tensor ratios = alphas_cumprod.slice(0, 1) / alphas_cumprod.slice(0, 0, -1);
  return 1 - at::cat({alphas_cumprod.slice(0, 0, 1), ratios});
}

std::vector<float> make_alphas_cumprod(const NoiseScheduleOptions& options) {
  const at::Tensor alphas_cumprod = (1.0 - make_betas(options)).cumprod(0).contiguous();
  const float* data = alphas_cumprod.const_data_ptr<float>();
  return {data, data + alphas_cumprod.numel()};
}

void check_step_count(int num_steps, std::int64_t num_train_timesteps) {
  if (num_steps >= 1 && num_steps <= num_train_timesteps) return;
  throw usage_error("steps " + std::to_string(num_steps) + " is outside 1.." +
                    std::to_string(num_train_timesteps) +
                    ", the timesteps that the model was trained with");
}

void check_signal(const std::string& sampler, const std::vector<std::int64_t>& timesteps,
                  const std::vector<float>& alphas_cumprod, const PredictionOptions& prediction) {
  const bool clipped = prediction.clip_sample && !prediction.thresholding;
  if (prediction.prediction_type != "epsilon" || clipped) return;
  for (const std::int64_t timestep : timesteps) {
    if (alphas_cumprod[timestep] != 0) continue;
    throw usage_error("sampler " + sampler + ": nothing of the picture is left at timestep " +
                      std::to_string(timestep) +
                      " (rescale_betas_zero_snr), which prediction_type 'epsilon' cannot undo; "
                      "use 'v_prediction' or another timestep_spacing");
  }
}

SignalLevel signal_level(float alpha_prod) {
  return {std::sqrt(alpha_prod), std::sqrt(1 - alpha_prod),
          std::sqrt((1 - alpha_prod) / alpha_prod)};
}

std::vector<std::int64_t> spaced_timesteps(const std::string& spacing,
                                           std::int64_t num_train_timesteps, int num_steps,
                                           std::int64_t steps_offset) {
  check_step_count(num_steps, num_train_timesteps);
  std::vector<std::int64_t> timesteps;
  if (spacing == "leading") {
    timesteps = leading_timesteps(num_train_timesteps, num_steps, steps_offset);
  } else if (spacing == "trailing") {
    timesteps = trailing_timesteps(num_train_timesteps, num_steps);
  } else if (spacing == "linspace") {
    timesteps = linspace_timesteps(num_train_timesteps, num_steps);
  } else {
    throw usage_error("timestep_spacing '" + spacing + "' is not known" +
                      advice(spacing, timestep_spacing_names()));
  }
  check_timesteps(timesteps, num_train_timesteps, steps_offset);
  return timesteps;
}

}  // namespace fdbench
