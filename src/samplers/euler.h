// Euler's method on the probability flow ODE (Karras et al. 2022, arXiv 2206.00364, algorithm 2
// without its correction), with all options of diffusers' EulerDiscreteScheduler.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "samplers/sampler.h"
#include "samplers/sampler_options.h"
#include "samplers/sigma_schedule.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults. The last four are arguments of diffusers'
/// step(): fresh noise on the way.
struct EulerOptions {
  NoiseScheduleOptions noise;
  SigmaOptions sigma;
  /// Or "sample", "v_prediction"
  std::string prediction_type = "epsilon";
  std::string interpolation_type = "linear";
  std::string timestep_spacing = "linspace";
  std::string timestep_type = "discrete";
  std::int64_t steps_offset = 0;
  double s_churn = 0, s_tmin = 0, s_tmax = std::numeric_limits<double>::infinity(), s_noise = 1;
};

/// Reads options by diffusers' names. Errors as read_ddim_options.
EulerOptions read_euler_options(const SamplerConfig& config);

/// Timesteps of the Euler samplers, as spaced_timesteps but "linspace" is not rounded (float32).
/// Errors as spaced_timesteps.
std::vector<double> euler_timesteps(const std::string& spacing, std::int64_t num_train_timesteps,
                                    int num_steps, std::int64_t steps_offset);

/// Standard deviation of the noise that an Euler sampler begins with.
double euler_init_noise_sigma(const std::vector<float>& sigmas, const std::string& spacing);

/// The picture in the network's answer to a scaled sample. sample: unscaled, float32.
at::Tensor euler_original_sample(const std::string& prediction_type, const at::Tensor& model_output,
                                 const at::Tensor& sample, float sigma, float sigma_hat);

class EulerSampler : public Sampler {
 public:
  EulerSampler(EulerOptions options, int num_steps);

  std::string name() const override { return "euler"; }
  const std::vector<double>& timesteps() const override { return schedule_.timesteps; }
  double init_noise_sigma() const override {
    return euler_init_noise_sigma(schedule_.sigmas, options_.timestep_spacing);
  }
  at::Tensor scale_model_input(const at::Tensor& sample, int step) const override;
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  EulerOptions options_;
  SigmaSchedule schedule_;
};

}  // namespace fdbench
