// Euler's method with fresh noise at each step (ancestral sampling, k-diffusion), with all options
// of diffusers' EulerAncestralDiscreteScheduler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "samplers/euler.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults.
struct EulerAncestralOptions {
  NoiseScheduleOptions noise;
  /// Or "v_prediction"
  std::string prediction_type = "epsilon";
  std::string timestep_spacing = "linspace";
  std::int64_t steps_offset = 0;
};

/// Reads options by diffusers' names. Errors as read_ddim_options.
EulerAncestralOptions read_euler_ancestral_options(const SamplerConfig& config);

class EulerAncestralSampler : public Sampler {
 public:
  EulerAncestralSampler(EulerAncestralOptions options, int num_steps);

  std::string name() const override { return "euler_ancestral"; }
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
  EulerAncestralOptions options_;
  SigmaSchedule schedule_;
};

}  // namespace fdbench
