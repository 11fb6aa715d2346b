// UniPC (Zhao et al. 2023, arXiv 2302.04867): a multistep predictor, and a corrector that uses each
// answer once more, with all options of diffusers' UniPCMultistepScheduler.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "samplers/dpm_solver.h"
#include "samplers/sampler.h"

namespace fdbench {

/// Options under diffusers' names, with its defaults.
struct UniPcOptions {
  NoiseScheduleOptions noise;
  SigmaOptions sigma;
  PredictionOptions prediction;
  /// 1 to 4.
  std::int64_t solver_order = 2;
  /// "bh1" or "bh2": B(h) of the paper.
  std::string solver_type = "bh2";
  /// Works on pictures, else on noises.
  bool predict_x0 = true;
  bool lower_order_final = true;
  /// Steps whose update is not corrected.
  std::vector<std::int64_t> disable_corrector;
  /// sample = (1 - sigma) * picture + sigma * noise.
  bool use_flow_sigmas = false;
  double flow_shift = 1.0;
  /// Sigma of a flow's last timestep.
  std::optional<double> shift_terminal;
  std::string timestep_spacing = "linspace";
  std::int64_t steps_offset = 0;
};

/// Reads options by diffusers' names. Errors as read_ddim_options; also for combinations that are
/// no number in diffusers.
UniPcOptions read_unipc_options(const SamplerConfig& config);

class UniPcSampler : public Sampler {
 public:
  UniPcSampler(UniPcOptions options, int num_steps);

  std::string name() const override { return "unipc"; }
  const std::vector<double>& timesteps() const override { return schedule_.timesteps; }
  void reset() override;
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  struct Answer {
    at::Tensor output;
    SignalLevel level;
  };
  bool corrects(int step) const;
  at::Tensor answer_of(const at::Tensor& model_output, const at::Tensor& sample,
                       const SignalLevel& level) const;
  at::Tensor moved(const at::Tensor& sample, const SignalLevel& to, int order,
                   const at::Tensor& arrived) const;

  UniPcOptions options_;
  SigmaSchedule schedule_;
  /// Newest first.
  std::deque<Answer> past_;
  /// Before the last update.
  at::Tensor last_sample_;
  /// Of the last update.
  int last_order_ = 0;
};

}  // namespace fdbench
