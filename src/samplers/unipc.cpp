#include "samplers/unipc.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

/// Off the pure noise, where the logarithm ends.
constexpr double kSmall = 1e-6;

void check_combination(const OptionReader& reader, const UniPcOptions& options) {
  if (options.solver_order > 4) {
    throw reader.error("solver_order", std::to_string(options.solver_order) + " is outside 1..4");
  }
  if (options.shift_terminal && !options.use_flow_sigmas) {
    throw reader.error("shift_terminal", "needs use_flow_sigmas");
  }
  const bool to_zero = options.sigma.final_sigmas_type == "zero";
  if (to_zero && !options.predict_x0) {
    throw reader.error("predict_x0",
                       "false cannot reach the final_sigmas_type 'zero'; use 'sigma_min'");
  }
  if (to_zero && !options.lower_order_final && options.solver_order > 1) {
    throw reader.error("lower_order_final",
                       "false cannot reach the final_sigmas_type 'zero'; use true, or 'sigma_min'");
  }
  if (options.prediction.prediction_type == "flow_prediction" && !options.predict_x0) {
    throw reader.error("prediction_type", "'flow_prediction' needs predict_x0");
  }
}

std::vector<std::int64_t> read_disable_corrector(OptionReader& reader) {
  reader.declare("disable_corrector", "list of steps", nlohmann::json::array());
  const nlohmann::json* list = reader.value("disable_corrector");
  if (list == nullptr || (list->is_array() && list->empty())) return {};
  if (!list->is_array() || !std::all_of(list->begin(), list->end(), [](const auto& entry) {
        return entry.is_number_integer();
      })) {
    throw reader.error("disable_corrector", "must be a list of steps, not " + list->dump());
  }
  return list->get<std::vector<std::int64_t>>();
}

/// The flow's sigmas, noisiest first.
std::vector<double> flow_sigmas(const UniPcOptions& options, int num_steps) {
  const double last = 1.0 / static_cast<double>(options.noise.num_train_timesteps);
  std::vector<double> sigmas = evenly_spaced(1, last, num_steps + 1);
  sigmas.pop_back();
  for (double& sigma : sigmas) {
    sigma = options.flow_shift * sigma / (1 + (options.flow_shift - 1) * sigma);
  }
  if (options.shift_terminal.value_or(0) != 0) {
    if (num_steps < 2) {
      throw usage_error(
          "sampler unipc: 'shift_terminal' stretches the sigmas between the first and "
          "the last step: steps must be 2 or more")
          .about("shift_terminal");
    }
    const double scale = (1 - sigmas.back()) / (1 - *options.shift_terminal);
    for (double& sigma : sigmas) sigma = 1 - (1 - sigma) / scale;
  }
  if (std::fabs(sigmas[0] - 1) < kSmall) sigmas[0] -= kSmall;
  return sigmas;
}

SigmaSchedule unipc_schedule(const UniPcOptions& options, int num_steps) {
  const std::vector<float> trained = training_sigmas(make_nonzero_alphas_cumprod(options.noise));
  const std::int64_t count = options.noise.num_train_timesteps;
  std::vector<double> timesteps =
      solver_timesteps(options.timestep_spacing, count, count, num_steps, options.steps_offset);
  std::vector<double> sigmas;
  const bool spread = has_spread(options.sigma);
  bool flow = options.use_flow_sigmas;
  if (spread) {
    flow = flow && options.sigma.use_karras_sigmas;
    sigmas = spread_sigmas(options.sigma, trained.back(), trained.front(), num_steps);
    timesteps = timesteps_of_sigmas(sigmas, trained);
    for (double& sigma : sigmas) sigma = flow ? sigma / (sigma + 1) : sigma;
  } else {
    sigmas = flow ? flow_sigmas(options, num_steps) : interpolated(timesteps, trained);
  }
  SigmaSchedule schedule;
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    const double timestep = flow ? sigmas[i] * static_cast<double>(count) : timesteps[i];
    const bool rounds = options.sigma.use_karras_sigmas && !flow;
    schedule.timesteps.push_back(rounds ? std::nearbyint(timestep) : std::trunc(timestep));
  }
  schedule.sigmas.assign(sigmas.begin(), sigmas.end());
  const float lowest = spread || flow ? schedule.sigmas.back() : trained[0];
  schedule.sigmas.push_back(options.sigma.final_sigmas_type == "zero" ? 0 : lowest);
  if (options.use_flow_sigmas) check_flow_sigmas("unipc", schedule.sigmas);
  return schedule;
}

/// The paper's weights of the differences: solves R * rho = b. ratios: of the differences' ways to
/// the update's way.
std::vector<float> difference_weights(const std::vector<float>& ratios, float way, float b_h) {
  const auto order = static_cast<std::int64_t>(ratios.size());
  const at::Tensor row = at::tensor(ratios);
  std::vector<at::Tensor> rows;
  std::vector<float> right;
  float phi = std::expm1(way) / way - 1;
  std::int64_t factorial = 1;
  for (std::int64_t i = 1; i <= order; ++i) {
    rows.push_back(row.pow(i - 1));
    right.push_back(phi * static_cast<float>(factorial) / b_h);
    factorial *= i + 1;
    phi = phi / way - 1 / static_cast<float>(factorial);
  }
  const at::Tensor solved = at::linalg_solve(at::stack(rows), at::tensor(right)).contiguous();
  const float* data = solved.const_data_ptr<float>();
  return {data, data + order};
}

}  // namespace

UniPcOptions read_unipc_options(const SamplerConfig& config) {
  OptionReader reader(config, "unipc");
  UniPcOptions read;
  read.noise = read_noise_schedule(reader);
  read.sigma = read_sigma_options(reader);
  read.prediction = read_prediction(
      reader, {"epsilon", "sample", "v_prediction", "flow_prediction"}, Clipping::kNone);
  read.solver_order = reader.positive("solver_order", read.solver_order);
  read.solver_type =
      reader.one_of("solver_type", read.solver_type, {"bh1", "bh2", "midpoint", "heun", "logrho"});
  // As diffusers, for other configs.
  if (read.solver_type != "bh1") read.solver_type = "bh2";
  read.predict_x0 = reader.boolean("predict_x0", read.predict_x0);
  read.lower_order_final = reader.boolean("lower_order_final", read.lower_order_final);
  read.disable_corrector = read_disable_corrector(reader);
  read.use_flow_sigmas = reader.flag("use_flow_sigmas", false);
  read.flow_shift = reader.number_within("flow_shift", read.flow_shift, 1e-6, 1e6);
  read.shift_terminal = reader.optional_number("shift_terminal");
  read.timestep_spacing =
      reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = reader.whole("steps_offset", 0);
  reader.only("solver_p", nullptr);
  reader.only("use_dynamic_shifting", false);
  reader.any("time_shift_type");
  check_combination(reader, read);
  reader.finish();
  return read;
}

UniPcSampler::UniPcSampler(UniPcOptions options, int num_steps)
    : options_(std::move(options)), schedule_(unipc_schedule(options_, num_steps)) {}

void UniPcSampler::reset() {
  past_.clear();
  last_sample_.reset();
}

bool UniPcSampler::corrects(int step) const {
  const auto& disabled = options_.disable_corrector;
  return step > 0 && last_sample_.defined() &&
         std::find(disabled.begin(), disabled.end(), step - 1) == disabled.end();
}

at::Tensor UniPcSampler::answer_of(const at::Tensor& model_output, const at::Tensor& sample,
                                   const SignalLevel& level) const {
  const std::string& type = options_.prediction.prediction_type;
  if (!options_.predict_x0) return epsilon_of(type, model_output, sample, level);
  return limited(original_sample_of(type, model_output, sample, level), options_.prediction);
}

/// Formula (3) of the paper from the newest answer's level to `to`; with the answer that arrived
/// there it is the corrector's (5).
at::Tensor UniPcSampler::moved(const at::Tensor& sample, const SignalLevel& to, int order,
                               const at::Tensor& arrived) const {
  const auto& [newest, from] = past_[0];
  const float log_from = log_signal_to_noise(from);
  const float whole = log_signal_to_noise(to) - log_from;
  const float way = options_.predict_x0 ? -whole : whole;
  const float growth = std::expm1(way);
  const float b_h = options_.solver_type == "bh1" ? way : growth;
  const float scale = options_.predict_x0 ? to.signal : to.noise;
  const float kept = options_.predict_x0 ? to.noise / from.noise : to.signal / from.signal;
  const at::Tensor plain = kept * sample - scale * growth * newest;
  // A last step that stays where it is (sigma_min, reached already) has no differences.
  if (whole == 0 || (order == 1 && !arrived.defined())) return plain;

  std::vector<float> ratios;
  std::vector<at::Tensor> differences;
  for (int i = 1; i < order; ++i) {
    ratios.push_back((log_signal_to_noise(past_[i].level) - log_from) / whole);
    differences.push_back((past_[i].output - newest) / ratios.back());
  }
  if (arrived.defined()) {
    ratios.push_back(1);
    differences.push_back(arrived - newest);
  }
  // One unknown has the paper's shortcut, which needs no solution.
  const std::vector<float> weights =
      ratios.size() == 1 ? std::vector<float>{0.5F} : difference_weights(ratios, way, b_h);
  at::Tensor sum = weights[0] * differences[0];
  for (std::size_t i = 1; i < weights.size(); ++i) sum = sum + weights[i] * differences[i];
  return plain - scale * b_h * sum;
}

at::Tensor UniPcSampler::original_sample(const at::Tensor& model_output, int step,
                                         const at::Tensor& sample) const {
  const SignalLevel level = level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas);
  const at::Tensor current = sample.to(at::kFloat);
  const at::Tensor answer = answer_of(model_output.to(at::kFloat), current, level);
  return options_.predict_x0 ? answer : original_sample_of("epsilon", answer, current, level);
}

at::Tensor UniPcSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                              const NoiseSource&) {
  const SignalLevel level = level_of_sigma(schedule_.sigmas[step], options_.use_flow_sigmas);
  const SignalLevel to = level_of_sigma(schedule_.sigmas[step + 1], options_.use_flow_sigmas);
  at::Tensor current = sample.to(at::kFloat);
  const at::Tensor answer = answer_of(model_output.to(at::kFloat), current, level);
  if (corrects(step)) current = moved(last_sample_, level, last_order_, answer);

  past_.push_front({answer, level});
  if (static_cast<std::int64_t>(past_.size()) > options_.solver_order) past_.pop_back();
  const int remaining = static_cast<int>(schedule_.timesteps.size()) - step;
  int order = static_cast<int>(past_.size());
  if (options_.lower_order_final) order = std::min(order, remaining);
  last_order_ = order;
  last_sample_ = current;
  return moved(current, to, order, {}).to(sample.scalar_type());
}

}  // namespace fdbench
