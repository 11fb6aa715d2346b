// DDIM (Song, Meng, Ermon 2020, arXiv 2010.02502), with all options of diffusers' DDIMScheduler.
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
struct DdimOptions {
  NoiseScheduleOptions noise;
  /// clip_sample is true unless it is set.
  PredictionOptions prediction;
  std::string timestep_spacing = "leading";
  /// Added to each timestep of the spacing "leading".
  std::int64_t steps_offset = 0;
  /// After the last step nothing of the noise is left.
  bool set_alpha_to_one = true;
  /// 0: deterministic, 1: as much fresh noise as DDPM.
  double eta = 0.0;
};

/// Reads options by diffusers' names; a missing one takes diffusers' default. Throws a usage error
/// for an unknown key (with the nearest known one), a wrong type and a value that is not supported.
DdimOptions read_ddim_options(const SamplerConfig& config);

class DdimSampler : public Sampler {
 public:
  DdimSampler(DdimOptions options, int num_steps);

  std::string name() const override { return "ddim"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  /// alphas_cumprod after an update.
  float alpha_prod_prev(std::int64_t timestep) const;

  DdimOptions options_;
  std::vector<float> alphas_cumprod_;
  std::vector<double> timesteps_;
};

}  // namespace fdbench
