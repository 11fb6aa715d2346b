#include "samplers/dpm_solver_multistep.h"

#include <algorithm>
#include <utility>

namespace fdbench {
namespace {

/// With fewer steps diffusers lowers the order at the end.
constexpr int kFew = 15;

}  // namespace

DpmSolverMultistepSampler::DpmSolverMultistepSampler(DpmSolverOptions options, int num_steps)
    : options_(std::move(options)),
      schedule_(dpm_solver_schedule(options_, DpmSolver::kMultistep, num_steps)) {}

std::string DpmSolverMultistepSampler::name() const {
  return std::string("dpm_solver") + (options_.predicts_picture() ? "++" : "") +
         (options_.stochastic() ? "_sde" : "");
}

int DpmSolverMultistepSampler::order_at(int step) const {
  const int num_steps = static_cast<int>(schedule_.timesteps.size());
  const bool lowers = options_.lower_order_final && num_steps < kFew;
  const bool last = step == num_steps - 1, last_but_one = step == num_steps - 2;
  int order = static_cast<int>(options_.solver_order);
  if (last_but_one && lowers) order = std::min(order, 2);
  if (last && (options_.euler_at_final || lowers || options_.sigma.final_sigmas_type == "zero")) {
    order = 1;
  }
  // A last step that stays where it is (sigma_min, reached already) has no differences.
  if (schedule_.sigmas[step + 1] == schedule_.sigmas[step]) order = 1;
  return std::min(order, static_cast<int>(past_.size()));
}

/// The weighted D1 and D2 of the papers, from the newest answers.
at::Tensor DpmSolverMultistepSampler::differences(const DpmSolverWeights& weights,
                                                  const SignalLevel& to, int order) const {
  const auto way = [](const SignalLevel& from, const SignalLevel& to) {
    return log_signal_to_noise(to) - log_signal_to_noise(from);
  };
  const float whole = way(past_[0].level, to);
  const float r0 = way(past_[1].level, past_[0].level) / whole;
  const at::Tensor newest = (past_[0].output - past_[1].output) / r0;
  if (order == 2) return weights.first_by(options_.solver_type) * newest;
  const float r1 = way(past_[2].level, past_[1].level) / whole;
  const at::Tensor older = (past_[1].output - past_[2].output) / r1;
  const at::Tensor first = newest + r0 / (r0 + r1) * (newest - older);
  const at::Tensor second = (newest - older) / (r0 + r1);
  return weights.first * first + weights.second * second;
}

at::Tensor DpmSolverMultistepSampler::original_sample(const at::Tensor& model_output, int step,
                                                      const at::Tensor& sample) const {
  return dpm_solver_original_sample(
      options_, model_output, sample,
      level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas));
}

at::Tensor DpmSolverMultistepSampler::step(const at::Tensor& model_output, int step,
                                           const at::Tensor& sample, const NoiseSource& noise) {
  const SignalLevel from = level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas);
  const SignalLevel to = level_of_sigma(schedule_.sigmas[step + 1], options_.use_flow_sigmas);
  past_.push_front({dpm_solver_output(options_, model_output, sample, from), from});
  if (static_cast<std::int64_t>(past_.size()) > options_.solver_order) past_.pop_back();

  const DpmSolverWeights weights = dpm_solver_weights(options_.algorithm_type, from, to);
  const int order = order_at(step);
  at::Tensor next = weights.sample * sample.to(at::kFloat) + weights.zeroth * past_[0].output;
  if (order > 1) next = next + differences(weights, to, order);
  if (options_.stochastic()) next = next + weights.noise * noise().to(next);
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
