// DDPM (Ho, Jain, Abbeel 2020, arXiv 2006.11239), with all options of diffusers' DDPMScheduler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "samplers/noise_schedule.h"
#include "samplers/prediction.h"
#include "samplers/sampler.h"
#include "samplers/sampler_options.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults.
struct DdpmOptions {
  /// beta_schedule may be "sigmoid" and "laplace" too.
  NoiseScheduleOptions noise;
  /// clip_sample is true unless it is set.
  PredictionOptions prediction;
  // How much noise a step adds: fixed_small, fixed_small_log, fixed_large, fixed_large_log, or by
  // the second half of the model's output channels: learned, learned_range.
  std::string variance_type = "fixed_small";
  std::string timestep_spacing = "leading";
  std::int64_t steps_offset = 0;
};

/// Reads options by diffusers' names. Errors as read_ddim_options.
DdpmOptions read_ddpm_options(const SamplerConfig& config);

class DdpmSampler : public Sampler {
 public:
  DdpmSampler(DdpmOptions options, int num_steps);

  std::string name() const override { return "ddpm"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  bool learns_variance() const override { return options_.variance_type.starts_with("learned"); }
  /// With a learned variance model_output has twice the channels of `sample`; else it throws a
  /// usage error.
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  at::Tensor deviation(float alpha_prod, float alpha_prod_prev,
                       const at::Tensor& predicted_variance) const;

  DdpmOptions options_;
  std::vector<float> alphas_cumprod_;
  std::vector<double> timesteps_;
};

}  // namespace fdbench
