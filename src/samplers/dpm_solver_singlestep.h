// DPM-Solver and DPM-Solver++ whose steps come in groups of 1, 2, 3: each step of a group starts
// again at the group's first sample with a higher order. With all options of diffusers'
// DPMSolverSinglestepScheduler.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "samplers/dpm_solver.h"
#include "samplers/sampler.h"

namespace fdbench {

class DpmSolverSinglestepSampler : public Sampler {
 public:
  DpmSolverSinglestepSampler(DpmSolverOptions options, int num_steps);

  std::string name() const override { return "dpm_solver_singlestep"; }
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
  at::Tensor differences(const DpmSolverWeights& weights, const SignalLevel& to, int order) const;

  DpmSolverOptions options_;
  SigmaSchedule schedule_;
  /// Of each step.
  std::vector<int> orders_;
  /// Newest first.
  std::deque<Answer> past_;
  /// The group's first sample.
  at::Tensor start_;
};

}  // namespace fdbench
