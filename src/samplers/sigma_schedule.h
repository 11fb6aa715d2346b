// Noise levels as sigma = noise / signal, and how samplers spread them over their steps. All
// formulas are computed in the precision that diffusers has at that place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "samplers/noise_schedule.h"
#include "samplers/sampler_options.h"

namespace fdbench {

/// Under diffusers' names and defaults.
struct SigmaOptions {
  /// Karras et al. 2022, formula (5) with rho 7.
  bool use_karras_sigmas = false;
  /// Evenly spaced logarithms.
  bool use_exponential_sigmas = false;
  /// Quantiles of Beta(0.6, 0.6), Lee et al. 2024.
  bool use_beta_sigmas = false;
  /// Ends of these spreads; else those of the schedule.
  std::optional<double> sigma_min, sigma_max;
  /// What the last step ends at; or "sigma_min".
  std::string final_sigmas_type = "zero";
};

/// Reads the options of this name; two spreads at once are an error.
SigmaOptions read_sigma_options(OptionReader& reader);

/// Sigmas of a run: one more than its timesteps, the last one is where the last step ends.
struct SigmaSchedule {
  std::vector<float> sigmas;
  std::vector<double> timesteps;
};

/// alphas_cumprod of a schedule for samplers that count in sigmas: with rescale_betas_zero_snr the
/// last one is 2^-24 in place of 0, so that its sigma is finite.
std::vector<float> make_nonzero_alphas_cumprod(const NoiseScheduleOptions& options);

/// sqrt((1 - a) / a) of each.
std::vector<float> training_sigmas(const std::vector<float>& alphas_cumprod);

/// `values` at these places, linearly in between; the end values outside.
std::vector<double> interpolated(const std::vector<double>& places,
                                 const std::vector<float>& values);

/// `count` numbers from first to last.
std::vector<double> evenly_spaced(double first, double last, int count);

/// True when the options ask for one of the three spreads.
bool has_spread(const SigmaOptions& options);

/// `count` sigmas by the chosen spread, from sigma_max (else `highest`) to sigma_min (else
/// `lowest`).
std::vector<double> spread_sigmas(const SigmaOptions& options, double highest, double lowest,
                                  int count);

/// Fractional timesteps whose training sigmas these are, linear in the logarithm; at the ends the
/// first and last timestep.
std::vector<double> timesteps_of_sigmas(const std::vector<double>& sigmas,
                                        const std::vector<float>& training_sigmas);

/// Throws a usage error when the sigmas of a flow, which are shares of noise, are not below 1.
void check_flow_sigmas(const std::string& sampler, const std::vector<float>& sigmas);

/// Timesteps of the solvers (DPM-Solver, UniPC), which leave the clean end to the last step:
/// linspace and leading over num_steps + 1 points of 0..last_timestep - 1, trailing from
/// last_timestep (diffusers). Errors as spaced_timesteps.
std::vector<double> solver_timesteps(const std::string& spacing, std::int64_t num_train_timesteps,
                                     std::int64_t last_timestep, int num_steps,
                                     std::int64_t steps_offset);

}  // namespace fdbench
