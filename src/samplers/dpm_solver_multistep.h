// DPM-Solver and DPM-Solver++ with the answers of past steps (the "2M" and "3M" variants, and their
// SDEs), with all options of diffusers' DPMSolverMultistepScheduler.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "samplers/dpm_solver.h"
#include "samplers/sampler.h"

namespace fdbench {

class DpmSolverMultistepSampler : public Sampler {
 public:
  DpmSolverMultistepSampler(DpmSolverOptions options, int num_steps);

  /// By algorithm_type: dpm_solver, dpm_solver++, dpm_solver_sde, dpm_solver++_sde.
  std::string name() const override;
  const std::vector<double>& timesteps() const override { return schedule_.timesteps; }
  void reset() override { past_.clear(); }
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override;
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override;

 private:
  struct Answer {
    at::Tensor output;
    SignalLevel level;
  };
  /// Order of the update after `step`, at most the answers that there are.
  int order_at(int step) const;
  at::Tensor differences(const DpmSolverWeights& weights, const SignalLevel& to, int order) const;

  DpmSolverOptions options_;
  SigmaSchedule schedule_;
  /// Newest first.
  std::deque<Answer> past_;
};

}  // namespace fdbench
