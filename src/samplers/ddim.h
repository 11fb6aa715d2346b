// DDIM (Song, Meng, Ermon 2020, arXiv 2010.02502), with all options of diffusers' DDIMScheduler.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "samplers/noise_schedule.h"
#include "samplers/sampler.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults.
struct DdimOptions {
  NoiseScheduleOptions noise;
  std::string timestep_spacing = "leading";
  std::int64_t steps_offset = 0;  // added to each timestep of the spacing "leading"
  bool set_alpha_to_one = true;   // after the last step nothing of the noise is left
  std::string prediction_type =
      "epsilon";            // what the network predicts; or "v_prediction", "sample"
  bool clip_sample = true;  // keeps the predicted picture within +-clip_sample_range
  double clip_sample_range = 1.0;
  bool thresholding = false;  // dynamic thresholding (Saharia et al. 2022) in place of clipping
  double dynamic_thresholding_ratio = 0.995;
  double sample_max_value = 1.0;
  double eta = 0.0;  // 0: deterministic, 1: as much fresh noise as DDPM
};

/// Keys that a DDIMScheduler's config may have, and "eta".
std::vector<std::string> ddim_option_names();

/// Reads options by diffusers' names; a missing one takes diffusers' default. Throws a usage error
/// for an unknown key (with the nearest known one), a wrong type and a value that is not supported.
DdimOptions read_ddim_options(const nlohmann::json& options);

class DdimSampler : public Sampler {
 public:
  DdimSampler(DdimOptions options, int num_steps);

  std::string name() const override { return "ddim"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  /// What is left of picture and noise before and after an update.
  struct Levels {
    float alpha_prod,
        alpha_prod_prev;          // alphas_cumprod at this step's timestep and at the next one's
    float sqrt_alpha, sqrt_beta;  // weights of picture and noise in the sample
  };
  /// The network's answer as a picture and a noise.
  struct Prediction {
    at::Tensor original_sample, epsilon;
  };

  Levels levels(int step) const;
  Prediction predict(const at::Tensor& model_output, const at::Tensor& sample,
                     const Levels& level) const;
  at::Tensor limited(const at::Tensor& original_sample) const;

  DdimOptions options_;
  std::vector<float> alphas_cumprod_;
  std::vector<double> timesteps_;
};

}  // namespace fdbench
