#include "samplers/dpm_solver_singlestep.h"

#include <algorithm>
#include <utility>

namespace fdbench {
namespace {

/// 1, 2, .. order again and again, cut at num_steps. Where the end must be of low order, the last
/// group is shortened so that the last step is of order 1 (of order 2 where only that remains).
std::vector<int> step_orders(const DpmSolverOptions& options, int num_steps) {
  const int order = static_cast<int>(options.solver_order);
  const bool ends_at_zero = options.sigma.final_sigmas_type == "zero";
  // diffusers lowers the order of the end in these cases too.
  const bool lowers = options.lower_order_final || num_steps % order != 0 || ends_at_zero;
  std::vector<int> orders;
  for (int i = 0; i < num_steps; ++i) orders.push_back(i % order + 1);
  if (lowers && order > 1 && num_steps % order == 0) orders.back() = 1;
  if (ends_at_zero) orders.back() = 1;
  return orders;
}

}  // namespace

DpmSolverSinglestepSampler::DpmSolverSinglestepSampler(DpmSolverOptions options, int num_steps)
    : options_(std::move(options)),
      schedule_(dpm_solver_schedule(options_, DpmSolver::kSinglestep, num_steps)),
      orders_(step_orders(options_, num_steps)) {}

void DpmSolverSinglestepSampler::reset() {
  past_.clear();
  start_.reset();
}

/// The weighted differences of the papers, from the group's answers.
at::Tensor DpmSolverSinglestepSampler::differences(const DpmSolverWeights& weights,
                                                   const SignalLevel& to, int order) const {
  const Answer& first = past_[order - 1];
  const auto way = [&](const SignalLevel& to) {
    return log_signal_to_noise(to) - log_signal_to_noise(first.level);
  };
  const float r0 = way(past_[0].level) / way(to);
  const at::Tensor newest = (past_[0].output - first.output) / r0;
  if (order == 2) return weights.first_by(options_.solver_type) * newest;
  if (options_.solver_type == "midpoint") return weights.first * newest;
  const float r1 = way(past_[1].level) / way(to);
  const at::Tensor older = (past_[1].output - first.output) / r1;
  return weights.first * (r0 * older - r1 * newest) / (r0 - r1) +
         weights.second * 2 * (newest - older) / (r0 - r1);
}

at::Tensor DpmSolverSinglestepSampler::original_sample(const at::Tensor& model_output, int step,
                                                       const at::Tensor& sample) const {
  return dpm_solver_original_sample(
      options_, model_output, sample,
      level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas));
}

at::Tensor DpmSolverSinglestepSampler::step(const at::Tensor& model_output, int step,
                                            const at::Tensor& sample, const NoiseSource& noise) {
  const SignalLevel level = level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas);
  const SignalLevel to = level_of_sigma(schedule_.sigmas[step + 1], options_.use_flow_sigmas);
  past_.push_front({dpm_solver_output(options_, model_output, sample, level), level});
  if (static_cast<std::int64_t>(past_.size()) > options_.solver_order) past_.pop_back();

  const int order = std::min(orders_[step], static_cast<int>(past_.size()));
  if (order == 1) start_ = sample.to(at::kFloat);
  const Answer& first = past_[order - 1];
  const DpmSolverWeights weights = dpm_solver_weights(options_.algorithm_type, first.level, to);
  at::Tensor next = weights.sample * start_ + weights.zeroth * first.output;
  if (order > 1) next = next + differences(weights, to, order);
  if (options_.stochastic()) next = next + weights.noise * noise().to(next);
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
