// Sampling of latent consistency models (Luo et al. 2023, arXiv 2310.04378), with all options of
// diffusers' LCMScheduler.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "samplers/noise_schedule.h"
#include "samplers/prediction.h"
#include "samplers/sampler.h"
#include "samplers/sampler_options.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults. Those that change nothing in diffusers either
/// (timestep_spacing, steps_offset, set_alpha_to_one) are read and left.
struct LcmOptions {
  NoiseScheduleOptions noise = {.beta_start = 0.00085,
                                .beta_end = 0.012,
                                .beta_schedule = "scaled_linear",
                                .trained_betas = {}};
  PredictionOptions prediction;
  /// The timesteps that the model was distilled at.
  std::int64_t original_inference_steps = 50;
  double timestep_scaling = 10.0;
};

/// Reads options by diffusers' names. Errors as read_ddim_options.
LcmOptions read_lcm_options(const SamplerConfig& config);

class LcmSampler : public Sampler {
 public:
  /// num_steps: at most original_inference_steps, else a usage error.
  LcmSampler(LcmOptions options, int num_steps);

  std::string name() const override { return "lcm"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  LcmOptions options_;
  std::vector<float> alphas_cumprod_;
  std::vector<double> timesteps_;
};

}  // namespace fdbench
