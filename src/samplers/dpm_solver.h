// What DPM-Solver (Lu et al. 2022, arXiv 2206.00927) and DPM-Solver++ (Lu et al. 2022, arXiv
// 2211.01095) share, multistep and singlestep: options, schedule, the network's answer, and the
// weights of an update.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "samplers/prediction.h"
#include "samplers/sampler_options.h"
#include "samplers/sigma_schedule.h"

namespace fdbench {

/// Options under diffusers' names, with the defaults of DPMSolverMultistepScheduler.
struct DpmSolverOptions {
  NoiseScheduleOptions noise;
  SigmaOptions sigma;
  PredictionOptions prediction;
  /// "dpmsolver++", "dpmsolver", "sde-dpmsolver" or "sde-dpmsolver++".
  std::string algorithm_type = "dpmsolver++";
  /// 1 to 3.
  std::int64_t solver_order = 2;
  /// "midpoint" or "heun".
  std::string solver_type = "midpoint";
  bool lower_order_final = true;
  /// sample = (1 - sigma) * picture + sigma * noise.
  bool use_flow_sigmas = false;
  double flow_shift = 1.0;
  double lambda_min_clipped = -std::numeric_limits<double>::infinity();
  /// "learned" or "learned_range": the answer's second half is left unused.
  std::string variance_type;
  // Of the multistep solver alone.
  bool euler_at_final = false;
  bool use_lu_lambdas = false;
  std::string timestep_spacing = "linspace";
  std::int64_t steps_offset = 0;

  /// The network's answer is turned into a picture (++), else into a noise.
  bool predicts_picture() const { return algorithm_type.ends_with("++"); }
  bool stochastic() const { return algorithm_type.starts_with("sde"); }
};

enum class DpmSolver { kMultistep, kSinglestep };

/// Reads options by diffusers' names, of the multistep or the singlestep scheduler. Errors as
/// read_ddim_options; also for combinations that no formula exists for.
DpmSolverOptions read_dpm_solver_options(const SamplerConfig& config, DpmSolver solver);

/// Sigmas and (whole) timesteps of a run.
SigmaSchedule dpm_solver_schedule(const DpmSolverOptions& options, DpmSolver solver, int num_steps);

/// Share of picture and noise at a sigma; in a flow they add up to 1, else their squares do.
SignalLevel level_of_sigma(float sigma, bool flow);

/// log(signal / noise); infinite where there is no noise.
float log_signal_to_noise(const SignalLevel& level);

/// The answer as the solver works on it (picture or noise), limited as the options say; float32.
at::Tensor dpm_solver_output(const DpmSolverOptions& options, const at::Tensor& model_output,
                             const at::Tensor& sample, const SignalLevel& level);

/// The picture in the answer, limited as the options say; float32.
at::Tensor dpm_solver_original_sample(const DpmSolverOptions& options,
                                      const at::Tensor& model_output, const at::Tensor& sample,
                                      const SignalLevel& level);

/// Weights of an update: sample and fresh noise, the answer (D0), its first difference (D1) by
/// either solver_type, and its second difference (D2).
struct DpmSolverWeights {
  float sample, noise, zeroth, midpoint, first, second;

  /// Weight of D1 in a second-order update.
  float first_by(const std::string& solver_type) const {
    return solver_type == "midpoint" ? midpoint : first;
  }
};
DpmSolverWeights dpm_solver_weights(const std::string& algorithm_type, const SignalLevel& from,
                                    const SignalLevel& to);

}  // namespace fdbench
