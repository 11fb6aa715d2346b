// PNDM (Liu et al. 2022, arXiv 2202.09778), with all options of diffusers' PNDMScheduler. It asks
// the network more often than it has steps: once more without its Runge-Kutta start-up
// (skip_prk_steps, as Stable Diffusion has it), nine times more with it; timesteps() has them all.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "samplers/noise_schedule.h"
#include "samplers/sampler.h"
#include "samplers/sampler_options.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults.
struct PndmOptions {
  NoiseScheduleOptions noise;
  bool skip_prk_steps = false;
  bool set_alpha_to_one = false;
  /// Or "v_prediction"
  std::string prediction_type = "epsilon";
  std::string timestep_spacing = "leading";
  std::int64_t steps_offset = 0;
};

/// Reads options by diffusers' names. Errors as read_ddim_options.
PndmOptions read_pndm_options(const SamplerConfig& config);

class PndmSampler : public Sampler {
 public:
  /// num_steps: at least 4 with the Runge-Kutta start-up, else a usage error.
  PndmSampler(PndmOptions options, int num_steps);

  std::string name() const override { return "pndm"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  void reset() override;
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  at::Tensor runge_kutta(const at::Tensor& output, int step, const at::Tensor& sample);
  at::Tensor multistep(const at::Tensor& output, int step, const at::Tensor& sample);
  at::Tensor moved(const at::Tensor& output, const at::Tensor& sample, std::int64_t from,
                   std::int64_t to) const;

  PndmOptions options_;
  std::vector<float> alphas_cumprod_;
  std::vector<double> timesteps_;
  /// Network calls of the start-up.
  int num_runge_kutta_ = 0;
  /// Timesteps between steps.
  std::int64_t stride_;
  /// The last four, newest first.
  std::deque<at::Tensor> outputs_;
  /// Of the update that takes several calls.
  at::Tensor start_, weighted_sum_;
};

}  // namespace fdbench
