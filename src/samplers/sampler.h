// The small interface of all samplers (diffusers calls them schedulers). A sampler never sees a
// model and never owns the loop, else the steps could not be batched.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "samplers/sampler_option.h"

namespace fdbench {

/// Draws fresh unit Gaussian noise shaped like the sample, from per-picture generators (stochastic
/// samplers only).
using NoiseSource = std::function<at::Tensor()>;

class Sampler {
 public:
  virtual ~Sampler() = default;

  virtual std::string name() const = 0;
  /// Timesteps in sampling order (the noisiest first), one for each call of the network and of
  /// step(): mostly as many as the steps asked for, more with PNDM. They may be fractions. Fixed
  /// when the sampler is made.
  virtual const std::vector<double>& timesteps() const = 0;
  /// Standard deviation that the starting noise is multiplied with.
  virtual double init_noise_sigma() const { return 1.0; }
  /// Forgets the history of the last picture (multistep samplers).
  virtual void reset() {}
  /// What the network is shown at step `step` (an index into timesteps()).
  virtual at::Tensor scale_model_input(const at::Tensor& sample, int step) const { return sample; }
  /// True when `step` reads variances that the network learned: the second half of the channels of
  /// its model_output (diffusers' variance_type learned, learned_range).
  virtual bool learns_variance() const { return false; }
  /// The sampler's own estimate of the picture without noise, as its update of step `step` sees it:
  /// diffusers' pred_original_sample, limited as the options say (lcm: its `denoised`; pndm, whose
  /// scheduler tells none: of this call's answer alone). Without the noise that step() may add
  /// before its update (euler's s_churn). model_output, sample: as step() takes them, before step()
  /// -> [n, c, h, w].
  virtual at::Tensor original_sample(const at::Tensor& model_output, int step,
                                     const at::Tensor& sample) const = 0;
  /// One update; steps come in order, after reset(). model_output, sample: [n, c, h, w] (twice the
  /// channels in model_output where the sampler learns variances) -> the sample of the next step,
  /// same dtype as `sample`.
  virtual at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                          const NoiseSource& noise) = 0;
};

/// Makes a sampler for `num_steps` steps. name: one of sampler_names(); or a diffusers class name
/// such as "DDIMScheduler"; or "" for the class that the folder's config names. Options come from
/// scheduler_config (of `file`, for messages), over them what a name implies ("dpm_solver_sde" its
/// algorithm_type), over them `overrides`. A config of another class is read as diffusers'
/// from_config reads it: keys that only other schedulers have are left out, those that no scheduler
/// has with a warning (not in `overrides`). An unknown name, key of `overrides`, option value or
/// step count is a usage error, and so is any sampler for a folder whose scheduler tells of another
/// training (foreign_schedulers.h).
std::unique_ptr<Sampler> make_sampler(const std::string& name,
                                      const nlohmann::json& scheduler_config,
                                      const nlohmann::json& overrides, int num_steps,
                                      const std::string& file = "");

/// The options of a sampler, in the order in which it reads them. name: one of sampler_names();
/// what the name implies stands as the initial value. Throws a usage error for another one.
std::vector<SamplerOption> sampler_options(const std::string& name);

/// The short names that make_sampler takes.
std::vector<std::string> sampler_names();
/// The class names of diffusers that it takes, too.
std::vector<std::string> sampler_class_names();

}  // namespace fdbench
