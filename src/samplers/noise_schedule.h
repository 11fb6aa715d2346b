// What samplers share: how much noise is left at each training timestep, and which timesteps a run
// visits.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "samplers/prediction.h"

namespace fdbench {

/// The forward process under diffusers' names and defaults.
struct NoiseScheduleOptions {
  std::int64_t num_train_timesteps = 1000;
  double beta_start = 0.0001;
  double beta_end = 0.02;
  /// One of beta_schedule_names().
  std::string beta_schedule = "linear";
  /// Not empty: used as they are.
  std::vector<double> trained_betas;
  bool rescale_betas_zero_snr = false;
};

std::vector<std::string> beta_schedule_names();
std::vector<std::string> timestep_spacing_names();

/// Noise variances of the forward process -> [num_train_timesteps] float32 on the CPU. Computed in
/// float32 as diffusers does, so that both agree to the last bit. Throws a usage error for a
/// beta_schedule that is not known.
at::Tensor make_betas(const NoiseScheduleOptions& options);

/// Shifts and scales betas so that nothing is left of the picture at the last timestep (Lin et al.,
/// "Common Diffusion Noise Schedules and Sample Steps are Flawed", algorithm 1). betas: [t] -> [t].
at::Tensor rescale_zero_terminal_snr(const at::Tensor& betas);

/// Share of the picture's variance that is left at each timestep, the product of (1 - beta) up to
/// it.
std::vector<float> make_alphas_cumprod(const NoiseScheduleOptions& options);

/// What a sample with this share of the picture's variance is made of.
SignalLevel signal_level(float alpha_prod);

/// Throws a usage error unless num_steps is within 1..num_train_timesteps.
void check_step_count(int num_steps, std::int64_t num_train_timesteps);

/// Throws a usage error when nothing of the picture is left at one of the timesteps, which a
/// predicted noise ("epsilon") cannot undo, but for its sign where it is clipped.
void check_signal(const std::string& sampler, const std::vector<std::int64_t>& timesteps,
                  const std::vector<float>& alphas_cumprod, const PredictionOptions& prediction);

/// Timesteps that a run of `num_steps` visits, in sampling order (table 2 of the same paper):
/// spacing "leading" (steps_offset is added), "trailing" or "linspace". Throws a usage error for a
/// spacing that is not known, a num_steps outside 1..num_train_timesteps, and an offset that leads
/// outside 0..num_train_timesteps - 1.
std::vector<std::int64_t> spaced_timesteps(const std::string& spacing,
                                           std::int64_t num_train_timesteps, int num_steps,
                                           std::int64_t steps_offset);

}  // namespace fdbench
