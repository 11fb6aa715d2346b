#include "samplers/sigma_schedule.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "samplers/beta_quantile.h"

namespace fdbench {
namespace {

/// Of Karras et al.
constexpr double kRho = 7;
/// Of the Beta distribution, both parameters.
constexpr double kShape = 0.6;

std::vector<double> karras_sigmas(double highest, double lowest, int count) {
  std::vector<double> sigmas = evenly_spaced(0, 1, count);
  const double first = std::pow(highest, 1 / kRho), last = std::pow(lowest, 1 / kRho);
  for (double& sigma : sigmas) sigma = std::pow(first + sigma * (last - first), kRho);
  return sigmas;
}

std::vector<double> exponential_sigmas(double highest, double lowest, int count) {
  std::vector<double> sigmas = evenly_spaced(std::log(highest), std::log(lowest), count);
  for (double& sigma : sigmas) sigma = std::exp(sigma);
  return sigmas;
}

std::vector<double> beta_sigmas(double highest, double lowest, int count) {
  std::vector<double> sigmas = evenly_spaced(0, 1, count);
  for (double& sigma : sigmas) {
    sigma = lowest + beta_quantile(1 - sigma, kShape) * (highest - lowest);
  }
  return sigmas;
}

}  // namespace

SigmaOptions read_sigma_options(OptionReader& reader) {
  SigmaOptions read;
  read.use_karras_sigmas = reader.flag("use_karras_sigmas", false);
  read.use_exponential_sigmas = reader.flag("use_exponential_sigmas", false);
  read.use_beta_sigmas = reader.flag("use_beta_sigmas", false);
  if (read.use_karras_sigmas + read.use_exponential_sigmas + read.use_beta_sigmas > 1) {
    throw reader.error(
        read.use_karras_sigmas ? "use_karras_sigmas" : "use_exponential_sigmas",
        "only one of use_karras_sigmas, use_exponential_sigmas, use_beta_sigmas can be true");
  }
  read.sigma_min = reader.optional_number("sigma_min");
  read.sigma_max = reader.optional_number("sigma_max");
  for (const auto& [key, sigma] :
       {std::pair{"sigma_min", read.sigma_min}, std::pair{"sigma_max", read.sigma_max}}) {
    if (sigma && *sigma <= 0) throw reader.error(key, "must be greater than 0");
  }
  read.final_sigmas_type =
      reader.one_of("final_sigmas_type", read.final_sigmas_type, {"zero", "sigma_min"});
  return read;
}

std::vector<float> make_nonzero_alphas_cumprod(const NoiseScheduleOptions& options) {
  std::vector<float> alphas_cumprod = make_alphas_cumprod(options);
  if (options.rescale_betas_zero_snr) alphas_cumprod.back() = std::ldexp(1.0F, -24);
  return alphas_cumprod;
}

std::vector<float> training_sigmas(const std::vector<float>& alphas_cumprod) {
  std::vector<float> sigmas;
  for (const float alpha : alphas_cumprod) sigmas.push_back(signal_level(alpha).sigma);
  return sigmas;
}

std::vector<double> interpolated(const std::vector<double>& places,
                                 const std::vector<float>& values) {
  const double last = static_cast<double>(values.size()) - 1;
  std::vector<double> found;
  for (const double place : places) {
    const double within = std::clamp(place, 0.0, last);
    const auto low = static_cast<std::size_t>(std::floor(within));
    const std::size_t high = std::min(low + 1, values.size() - 1);
    const double slope = static_cast<double>(values[high]) - values[low];
    found.push_back(slope * (within - static_cast<double>(low)) + values[low]);
  }
  return found;
}

std::vector<double> evenly_spaced(double first, double last, int count) {
  std::vector<double> numbers;
  const double difference = count > 1 ? (last - first) / (count - 1) : 0;
  for (int i = 0; i < count; ++i) numbers.push_back(i * difference + first);
  if (count > 1) numbers.back() = last;
  return numbers;
}

bool has_spread(const SigmaOptions& options) {
  return options.use_karras_sigmas || options.use_exponential_sigmas || options.use_beta_sigmas;
}

std::vector<double> spread_sigmas(const SigmaOptions& options, double highest, double lowest,
                                  int count) {
  const double first = options.sigma_max.value_or(highest);
  const double last = options.sigma_min.value_or(lowest);
  if (options.use_karras_sigmas) return karras_sigmas(first, last, count);
  if (options.use_exponential_sigmas) return exponential_sigmas(first, last, count);
  return beta_sigmas(first, last, count);
}

std::vector<double> timesteps_of_sigmas(const std::vector<double>& sigmas,
                                        const std::vector<float>& training_sigmas) {
  std::vector<float> logs;
  for (const float sigma : training_sigmas) {
    logs.push_back(static_cast<float>(std::log(static_cast<double>(sigma))));
  }
  std::vector<double> timesteps;
  for (const double sigma : sigmas) {
    const double log_sigma = std::log(std::max(sigma, 1e-10));
    // The last one below: with rescale_betas_zero_snr the sigmas need not go up at the end.
    const auto above =
        std::find_if(logs.rbegin(), logs.rend(), [&](float log) { return log <= log_sigma; });
    const auto position = std::max<std::ptrdiff_t>(logs.rend() - above - 1, 0);
    const auto low = std::min<std::ptrdiff_t>(position, std::ssize(logs) - 2);
    const double span = static_cast<double>(logs[low] - logs[low + 1]);
    const double weight = std::clamp((logs[low] - log_sigma) / span, 0.0, 1.0);
    timesteps.push_back((1 - weight) * static_cast<double>(low) +
                        weight * static_cast<double>(low + 1));
  }
  return timesteps;
}

void check_flow_sigmas(const std::string& sampler, const std::vector<float>& sigmas) {
  const float highest = *std::max_element(sigmas.begin(), sigmas.end());
  if (highest < 1) return;
  throw usage_error("sampler " + sampler + ": use_flow_sigmas needs sigmas below 1, not " +
                    nlohmann::json(highest).dump() +
                    "; leave the spread of sigmas out, or set sigma_max")
      .about("use_flow_sigmas");
}

std::vector<double> solver_timesteps(const std::string& spacing, std::int64_t num_train_timesteps,
                                     std::int64_t last_timestep, int num_steps,
                                     std::int64_t steps_offset) {
  check_step_count(num_steps, num_train_timesteps);
  if (spacing == "trailing" && last_timestep == num_train_timesteps) {
    const auto timesteps = spaced_timesteps(spacing, num_train_timesteps, num_steps, steps_offset);
    return {timesteps.begin(), timesteps.end()};
  }
  const auto last = static_cast<double>(last_timestep);
  std::vector<double> timesteps;
  if (spacing == "linspace") {
    timesteps = evenly_spaced(0, last - 1, num_steps + 1);
    for (double& timestep : timesteps) timestep = std::nearbyint(timestep);
    std::reverse(timesteps.begin(), timesteps.end());
    timesteps.pop_back();
  } else if (spacing == "leading") {
    const std::int64_t ratio = last_timestep / (num_steps + 1);
    for (int i = num_steps; i > 0; --i) {
      timesteps.push_back(static_cast<double>(i * ratio + steps_offset));
    }
  } else {
    const double ratio = static_cast<double>(num_train_timesteps) / num_steps;
    for (int i = 0; last - i * ratio > 0; ++i) {
      timesteps.push_back(std::nearbyint(last - i * ratio) - 1);
    }
  }
  const auto outside = std::find_if(timesteps.begin(), timesteps.end(), [&](double timestep) {
    return timestep < 0 || timestep >= static_cast<double>(num_train_timesteps);
  });
  if (outside == timesteps.end()) return timesteps;
  throw usage_error("steps_offset " + std::to_string(steps_offset) + " with " +
                    std::to_string(num_steps) + " steps leads to timestep " +
                    std::to_string(static_cast<std::int64_t>(*outside)) + ", outside 0.." +
                    std::to_string(num_train_timesteps - 1) + "; use another steps_offset")
      .about("steps_offset");
}

}  // namespace fdbench
