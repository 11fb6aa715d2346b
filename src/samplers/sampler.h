// The small interface of all samplers (diffusers calls them schedulers). A sampler never sees a
// model and never owns the loop, else the steps could not be batched.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fdbench {

/// Draws fresh unit Gaussian noise shaped like the sample, from per-picture generators (stochastic
/// samplers only).
using NoiseSource = std::function<at::Tensor()>;

class Sampler {
 public:
  virtual ~Sampler() = default;

  virtual std::string name() const = 0;
  /// Timesteps in sampling order (the noisiest first). Fixed when the sampler is made.
  virtual const std::vector<double>& timesteps() const = 0;
  /// Standard deviation that the starting noise is multiplied with.
  virtual double init_noise_sigma() const { return 1.0; }
  /// Forgets the history of the last picture (multistep samplers).
  virtual void reset() {}
  /// What the network is shown at step `step` (an index into timesteps()).
  virtual at::Tensor scale_model_input(const at::Tensor& sample, int step) const { return sample; }
  /// One update. model_output, sample: [n, c, h, w] -> the sample of the next step, same dtype as
  /// `sample`.
  virtual at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                          const NoiseSource& noise) = 0;
};

/// Makes a sampler for `num_steps` steps. name: "ddim"; or a diffusers class name such as
/// "DDIMScheduler"; or "" for the class that `scheduler_config` names. Options come from
/// scheduler_config.json with `overrides` on top; an unknown name, option value or step count is a
/// usage error.
std::unique_ptr<Sampler> make_sampler(const std::string& name,
                                      const nlohmann::json& scheduler_config,
                                      const nlohmann::json& overrides, int num_steps);

/// Names that make_sampler takes.
std::vector<std::string> sampler_names();

}  // namespace fdbench
