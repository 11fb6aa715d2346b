#include "samplers/dpm_solver.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace fdbench {
namespace {

/// diffusers' default is minus infinity, which Python writes as a number, YAML and others as text.
double read_lambda_min_clipped(OptionReader& reader) {
  const double none = -std::numeric_limits<double>::infinity();
  reader.declare("lambda_min_clipped", "number, or minus infinity", "-inf");
  const nlohmann::json* found = reader.value("lambda_min_clipped");
  if (found != nullptr && found->is_string()) {
    const std::string text = reader.text("lambda_min_clipped", "");
    if (text == "-Infinity" || text == "-inf" || text == "-.inf") return none;
  }
  if (found != nullptr && found->is_number() && found->get<double>() == none) return none;
  return reader.ConfigReader::optional_number("lambda_min_clipped").value_or(none);
}

std::string read_algorithm_type(OptionReader& reader, DpmSolver solver) {
  std::vector<std::string> names = {"dpmsolver", "dpmsolver++", "sde-dpmsolver++", "deis"};
  if (solver == DpmSolver::kMultistep) names.emplace_back("sde-dpmsolver");
  const std::string chosen = reader.one_of("algorithm_type", "dpmsolver++", names);
  // As diffusers, for a DEIS config.
  return chosen == "deis" ? "dpmsolver++" : chosen;
}

std::string read_solver_type(OptionReader& reader) {
  const std::string chosen =
      reader.one_of("solver_type", "midpoint", {"midpoint", "heun", "logrho", "bh1", "bh2"});
  // As diffusers, for DEIS and UniPC configs.
  return chosen == "heun" ? chosen : "midpoint";
}

std::string read_variance_type(OptionReader& reader) {
  // Those of DDPM configs change nothing.
  return reader.one_of_or_null("variance_type", "",
                               {"learned", "learned_range", "fixed_small", "fixed_small_log",
                                "fixed_large", "fixed_large_log"});
}

void check_combination(const OptionReader& reader, const DpmSolverOptions& options) {
  const std::string algorithm = "algorithm_type '" + options.algorithm_type + "'";
  if (options.solver_order > 3) {
    throw reader.error("solver_order", std::to_string(options.solver_order) + " is outside 1..3");
  }
  if (options.algorithm_type == "sde-dpmsolver" && options.solver_order == 3) {
    throw reader.error("solver_order", "3 has no formula for " + algorithm + "; use 1 or 2");
  }
  if (options.predicts_picture()) return;
  if (options.sigma.final_sigmas_type == "zero") {
    throw reader.error("final_sigmas_type",
                       "'zero' cannot be reached by " + algorithm + "; use 'sigma_min'");
  }
  if (options.prediction.prediction_type == "flow_prediction") {
    throw reader.error("prediction_type", "'flow_prediction' has no formula for " + algorithm);
  }
}

/// Training timesteps noisier than lambda_min_clipped allows.
std::int64_t num_clipped(const std::vector<float>& alphas_cumprod, double lambda_min) {
  return std::count_if(alphas_cumprod.begin(), alphas_cumprod.end(), [&](float alpha) {
    return std::log(std::sqrt(alpha)) - std::log(std::sqrt(1 - alpha)) <
           static_cast<float>(lambda_min);
  });
}

/// The flow's sigmas, noisiest first.
std::vector<double> flow_sigmas(const DpmSolverOptions& options, int num_steps) {
  const double last = 1.0 / static_cast<double>(options.noise.num_train_timesteps);
  std::vector<double> sigmas = evenly_spaced(1, last, num_steps + 1);
  for (double& sigma : sigmas) {
    sigma = 1 - sigma;
    sigma = options.flow_shift * sigma / (1 + (options.flow_shift - 1) * sigma);
  }
  std::reverse(sigmas.begin(), sigmas.end());
  sigmas.pop_back();
  return sigmas;
}

/// Evenly spaced log sigmas (Lu et al. 2022), which diffusers calls lambdas.
std::vector<double> lu_sigmas(const std::vector<float>& trained, int num_steps) {
  const float highest = std::log(trained.back()), lowest = std::log(trained.front());
  std::vector<double> sigmas = evenly_spaced(0, 1, num_steps);
  for (double& sigma : sigmas) {
    sigma = std::exp(highest + sigma * (static_cast<double>(lowest) - highest));
  }
  return sigmas;
}

}  // namespace

DpmSolverOptions read_dpm_solver_options(const SamplerConfig& config, DpmSolver solver) {
  const bool multistep = solver == DpmSolver::kMultistep;
  OptionReader reader(config, multistep ? "dpm_solver" : "dpm_solver_singlestep");
  DpmSolverOptions read;
  read.noise = read_noise_schedule(reader, {}, multistep ? Rescaling::kOption : Rescaling::kNone);
  read.sigma = read_sigma_options(reader);
  read.prediction = read_prediction(
      reader, {"epsilon", "sample", "v_prediction", "flow_prediction"}, Clipping::kNone);
  read.algorithm_type = read_algorithm_type(reader, solver);
  read.solver_order = reader.positive("solver_order", read.solver_order);
  read.solver_type = read_solver_type(reader);
  read.lower_order_final = reader.boolean("lower_order_final", multistep);
  read.use_flow_sigmas = reader.flag("use_flow_sigmas", false);
  read.flow_shift = reader.number_within("flow_shift", read.flow_shift, 1e-6, 1e6);
  read.lambda_min_clipped = read_lambda_min_clipped(reader);
  read.variance_type = read_variance_type(reader);
  // Without the caller's mu, which pipelines of flow models compute, they change nothing.
  reader.any("use_dynamic_shifting");
  reader.any("time_shift_type");
  if (multistep) {
    read.euler_at_final = reader.boolean("euler_at_final", false);
    read.use_lu_lambdas = reader.flag("use_lu_lambdas", false);
    read.timestep_spacing =
        reader.one_of("timestep_spacing", read.timestep_spacing, timestep_spacing_names());
    read.steps_offset = reader.whole("steps_offset", 0);
  }
  check_combination(reader, read);
  reader.finish();
  return read;
}

SigmaSchedule dpm_solver_schedule(const DpmSolverOptions& options, DpmSolver solver,
                                  int num_steps) {
  const std::vector<float> alphas_cumprod = make_nonzero_alphas_cumprod(options.noise);
  const std::vector<float> trained = training_sigmas(alphas_cumprod);
  const std::int64_t count = options.noise.num_train_timesteps;
  const std::int64_t last = count - num_clipped(alphas_cumprod, options.lambda_min_clipped);
  if (last < 1) {
    throw usage_error("lambda_min_clipped " + nlohmann::json(options.lambda_min_clipped).dump() +
                      " leaves no timestep")
        .about("lambda_min_clipped");
  }
  std::vector<double> timesteps =
      solver_timesteps(options.timestep_spacing, count, last, num_steps, options.steps_offset);
  std::vector<double> sigmas;
  bool rounds =
      solver == DpmSolver::kSinglestep || options.noise.beta_schedule != "squaredcos_cap_v2";
  if (has_spread(options.sigma) && (options.sigma.use_karras_sigmas || !options.use_lu_lambdas)) {
    sigmas = spread_sigmas(options.sigma, trained.back(), trained.front(), num_steps);
    rounds = rounds && options.sigma.use_karras_sigmas;
    timesteps = timesteps_of_sigmas(sigmas, trained);
  } else if (options.use_lu_lambdas) {
    sigmas = lu_sigmas(trained, num_steps);
    timesteps = timesteps_of_sigmas(sigmas, trained);
  } else if (options.use_flow_sigmas) {
    rounds = false;
    sigmas = timesteps = flow_sigmas(options, num_steps);
    for (double& timestep : timesteps) timestep *= static_cast<double>(count);
  } else {
    sigmas = interpolated(timesteps, trained);
  }
  SigmaSchedule schedule;
  for (const double timestep : timesteps) {
    schedule.timesteps.push_back(rounds ? std::nearbyint(timestep) : std::trunc(timestep));
  }
  schedule.sigmas.assign(sigmas.begin(), sigmas.end());
  schedule.sigmas.push_back(options.sigma.final_sigmas_type == "zero" ? 0 : trained[0]);
  if (options.use_flow_sigmas) check_flow_sigmas("dpm_solver", schedule.sigmas);
  return schedule;
}

SignalLevel level_of_sigma(float sigma, bool flow) {
  if (flow) return {1 - sigma, sigma, sigma};
  const float signal = 1 / std::sqrt(sigma * sigma + 1);
  return {signal, sigma * signal, sigma};
}

float log_signal_to_noise(const SignalLevel& level) {
  return std::log(level.signal) - std::log(level.noise);
}

at::Tensor dpm_solver_output(const DpmSolverOptions& options, const at::Tensor& model_output,
                             const at::Tensor& sample, const SignalLevel& level) {
  const PredictionOptions& prediction = options.prediction;
  const std::string& type = prediction.prediction_type;
  at::Tensor output = model_output.to(at::kFloat);
  const at::Tensor current = sample.to(at::kFloat);
  if (options.variance_type.starts_with("learned")) {
    output = output.narrow(1, 0, std::min(output.size(1), sample.size(1)));
  }
  if (options.predicts_picture()) {
    return limited(original_sample_of(type, output, current, level), prediction);
  }
  const at::Tensor epsilon = epsilon_of(type, output, current, level);
  if (!prediction.thresholding) return epsilon;
  const at::Tensor picture =
      limited(original_sample_of("epsilon", epsilon, current, level), prediction);
  return epsilon_of("sample", picture, current, level);
}

at::Tensor dpm_solver_original_sample(const DpmSolverOptions& options,
                                      const at::Tensor& model_output, const at::Tensor& sample,
                                      const SignalLevel& level) {
  const at::Tensor output = dpm_solver_output(options, model_output, sample, level);
  if (options.predicts_picture()) return output;
  return original_sample_of("epsilon", output, sample.to(at::kFloat), level);
}

// DPM-Solver++ is the same for the ODE and the SDE but for twice the way in lambda. diffusers 0.42
// adds 1/2 with the other sign in the SDE's weight of D2 (third order); it is kept, for the same
// pictures.
DpmSolverWeights dpm_solver_weights(const std::string& algorithm_type, const SignalLevel& from,
                                    const SignalLevel& to) {
  const bool stochastic = algorithm_type.starts_with("sde");
  const float way = log_signal_to_noise(to) - log_signal_to_noise(from);
  DpmSolverWeights weights{};
  if (algorithm_type.ends_with("++")) {
    const float span = stochastic ? 2 * way : way;
    const float decay = std::exp(-span) - 1;
    const float curve = (decay + span) / (span * span);
    weights.sample = to.noise / from.noise * (stochastic ? std::exp(-way) : 1.0F);
    weights.zeroth = -to.signal * decay;
    weights.first = to.signal * (decay / span + 1);
    weights.second = to.signal * (stochastic ? -curve - 0.5F : -(curve - 0.5F));
    weights.noise = stochastic ? to.noise * std::sqrt(1 - std::exp(-span)) : 0;
  } else {
    const float factor = stochastic ? 2 : 1;
    const float growth = std::exp(way) - 1;
    weights.sample = to.signal / from.signal;
    weights.zeroth = -factor * to.noise * growth;
    weights.first = -factor * to.noise * (growth / way - 1);
    weights.second = -to.noise * ((growth - way) / (way * way) - 0.5F);
    weights.noise = stochastic ? to.noise * std::sqrt(std::exp(2 * way) - 1) : 0;
  }
  weights.midpoint = 0.5F * weights.zeroth;
  return weights;
}

}  // namespace fdbench
