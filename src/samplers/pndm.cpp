#include "samplers/pndm.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr int kOrder = 4;

/// Ascending timesteps -> the calls of the Runge-Kutta start-up: the noisiest four, halfway points
/// in between.
std::vector<double> runge_kutta_timesteps(const std::vector<std::int64_t>& spaced,
                                          std::int64_t half_stride) {
  std::vector<std::int64_t> points;
  for (auto timestep = spaced.end() - kOrder; timestep != spaced.end(); ++timestep) {
    points.push_back(*timestep);
    points.push_back(*timestep + half_stride);
  }
  points.pop_back();
  std::vector<double> calls;
  for (const std::int64_t point : points) calls.insert(calls.end(), 2, point);
  calls.erase(calls.begin());
  calls.pop_back();
  std::reverse(calls.begin(), calls.end());
  return calls;
}

}  // namespace

PndmOptions read_pndm_options(const SamplerConfig& config) {
  OptionReader reader(config, "pndm");
  PndmOptions read;
  read.noise = read_noise_schedule(reader, {}, Rescaling::kNone);
  read.skip_prk_steps = reader.boolean("skip_prk_steps", read.skip_prk_steps);
  read.set_alpha_to_one = reader.boolean("set_alpha_to_one", read.set_alpha_to_one);
  read.prediction_type =
      reader.one_of("prediction_type", read.prediction_type, {"epsilon", "v_prediction"});
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = reader.whole("steps_offset", 0);
  reader.finish();
  return read;
}

PndmSampler::PndmSampler(PndmOptions options, int num_steps)
    : options_(std::move(options)),
      alphas_cumprod_(make_alphas_cumprod(options_.noise)),
      stride_(options_.noise.num_train_timesteps / std::max(num_steps, 1)) {
  std::vector<std::int64_t> spaced =
      spaced_timesteps(options_.timestep_spacing, options_.noise.num_train_timesteps, num_steps,
                       options_.steps_offset);
  if (options_.skip_prk_steps) {
    timesteps_.assign(spaced.begin(), spaced.end());
    if (num_steps > 1) timesteps_.insert(timesteps_.begin() + 1, timesteps_[1]);
    return;
  }
  if (num_steps < kOrder) {
    throw usage_error("sampler pndm: steps " + std::to_string(num_steps) +
                      " is too few for its Runge-Kutta start-up; use 4 or more, or "
                      "skip_prk_steps");
  }
  std::reverse(spaced.begin(), spaced.end());
  timesteps_ = runge_kutta_timesteps(spaced, stride_ / 2);
  num_runge_kutta_ = static_cast<int>(timesteps_.size());
  timesteps_.insert(timesteps_.end(), spaced.rbegin() + kOrder - 1, spaced.rend());
}

void PndmSampler::reset() {
  outputs_.clear();
  start_.reset();
  weighted_sum_.reset();
}

at::Tensor PndmSampler::original_sample(const at::Tensor& model_output, int step,
                                        const at::Tensor& sample) const {
  // Points halfway between steps may lie behind the last one.
  const std::int64_t timestep =
      std::min(static_cast<std::int64_t>(timesteps_[step]), options_.noise.num_train_timesteps - 1);
  return original_sample_of(options_.prediction_type, model_output.to(at::kFloat),
                            sample.to(at::kFloat), signal_level(alphas_cumprod_[timestep]));
}

at::Tensor PndmSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                             const NoiseSource&) {
  const at::Tensor output = model_output.to(at::kFloat), current = sample.to(at::kFloat);
  const at::Tensor next = step < num_runge_kutta_ ? runge_kutta(output, step, current)
                                                  : multistep(output, step, current);
  return next.to(sample.scalar_type());
}

// Formula (13) of the paper: an update takes four calls, each but the last only a trial.
at::Tensor PndmSampler::runge_kutta(const at::Tensor& output, int step, const at::Tensor& sample) {
  const int part = step % 4;
  if (part == 0 || !start_.defined()) {
    outputs_.push_front(output);
    start_ = sample;
    weighted_sum_ = at::zeros_like(output);
  }
  weighted_sum_ = weighted_sum_ + (part == 0 || part == 3 ? 1.0 / 6 : 1.0 / 3) * output;
  const auto from = static_cast<std::int64_t>(timesteps_[step - part]);
  const auto to = static_cast<std::int64_t>(timesteps_[step]) - (part % 2 == 0 ? stride_ / 2 : 0);
  return moved(part == 3 ? weighted_sum_ : output, start_, from, to);
}

// Formula (12) of the paper, with lower orders until there are four outputs. The second call
// without a start-up repeats the first update with the mean of both outputs (Heun's method).
at::Tensor PndmSampler::multistep(const at::Tensor& output, int step, const at::Tensor& sample) {
  const auto timestep = static_cast<std::int64_t>(timesteps_[step]);
  if (step == 1 && start_.defined()) {
    const at::Tensor start = std::exchange(start_, at::Tensor());
    return moved((output + outputs_[0]) / 2, start, timestep + stride_, timestep);
  }
  outputs_.push_front(output);
  if (outputs_.size() > kOrder) outputs_.pop_back();
  const auto& past = outputs_;
  at::Tensor mean = output;
  if (past.size() == 1) start_ = sample;
  if (past.size() == 2) mean = (3 * past[0] - past[1]) / 2;
  if (past.size() == 3) mean = (23 * past[0] - 16 * past[1] + 5 * past[2]) / 12;
  if (past.size() == 4) {
    mean = (55 * past[0] - 59 * past[1] + 37 * past[2] - 9 * past[3]) / 24;
  }
  return moved(mean, sample, timestep, timestep - stride_);
}

// Formula (9) of the paper, as a network's output moves a sample between timesteps.
at::Tensor PndmSampler::moved(const at::Tensor& output, const at::Tensor& sample, std::int64_t from,
                              std::int64_t to) const {
  const std::int64_t last = options_.noise.num_train_timesteps - 1;
  const float final_alpha = options_.set_alpha_to_one ? 1.0F : alphas_cumprod_[0];
  const float alpha = alphas_cumprod_[std::clamp<std::int64_t>(from, 0, last)];
  const float alpha_prev = to >= 0 ? alphas_cumprod_[std::min(to, last)] : final_alpha;
  const float beta = 1 - alpha, beta_prev = 1 - alpha_prev;
  const at::Tensor epsilon =
      epsilon_of(options_.prediction_type, output, sample, signal_level(alpha));
  const float denominator = alpha * std::sqrt(beta_prev) + std::sqrt(alpha * beta * alpha_prev);
  return std::sqrt(alpha_prev / alpha) * sample - (alpha_prev - alpha) * epsilon / denominator;
}

}  // namespace fdbench
