#include "samplers/ddim.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "models/config_reader.h"

namespace fdbench {
namespace {

std::vector<std::string> prediction_type_names() { return {"epsilon", "v_prediction", "sample"}; }

std::string one_of(ConfigReader& reader, const std::string& key, const std::string& fallback,
                   const std::vector<std::string>& names) {
  const std::string value = reader.text(key, fallback);
  if (std::find(names.begin(), names.end(), value) != names.end()) return value;
  throw reader.error(key, "'" + value + "' is not known" + advice(value, names));
}

double number_within(ConfigReader& reader, const std::string& key, double fallback, double low,
                     double high) {
  const double value = reader.number(key, fallback);
  if (value >= low && value <= high) return value;
  throw reader.error(key, nlohmann::json(value).dump() + " is outside " +
                              nlohmann::json(low).dump() + ".." + nlohmann::json(high).dump());
}

std::vector<double> trained_betas(ConfigReader& reader) {
  const nlohmann::json* list = reader.value("trained_betas");
  if (list == nullptr || list->is_null()) return {};
  const bool numbers = list->is_array() && !list->empty() &&
                       std::all_of(list->begin(), list->end(),
                                   [](const nlohmann::json& beta) { return beta.is_number(); });
  if (!numbers) throw reader.error("trained_betas", "must be null or a list of numbers");
  return list->get<std::vector<double>>();
}

NoiseScheduleOptions read_noise_schedule(ConfigReader& reader) {
  NoiseScheduleOptions options;
  options.num_train_timesteps = reader.positive("num_train_timesteps", options.num_train_timesteps);
  options.beta_start = number_within(reader, "beta_start", options.beta_start, 0, 1);
  options.beta_end = number_within(reader, "beta_end", options.beta_end, 0, 1);
  options.beta_schedule =
      one_of(reader, "beta_schedule", options.beta_schedule, beta_schedule_names());
  options.trained_betas = trained_betas(reader);
  options.rescale_betas_zero_snr = reader.boolean("rescale_betas_zero_snr", false);
  const auto given = static_cast<std::int64_t>(options.trained_betas.size());
  if (given != 0 && given != options.num_train_timesteps) {
    throw reader.error("trained_betas", "has " + std::to_string(given) + " entries for " +
                                            std::to_string(options.num_train_timesteps) +
                                            " num_train_timesteps");
  }
  return options;
}

std::int64_t read_steps_offset(ConfigReader& reader) {
  const nlohmann::json* offset = reader.value("steps_offset");
  if (offset == nullptr) return 0;
  if (offset->is_number_integer()) return offset->get<std::int64_t>();
  throw reader.error("steps_offset", "must be a whole number, not " + offset->dump());
}

}  // namespace

std::vector<std::string> ddim_option_names() {
  return {"num_train_timesteps",
          "beta_start",
          "beta_end",
          "beta_schedule",
          "trained_betas",
          "rescale_betas_zero_snr",
          "timestep_spacing",
          "steps_offset",
          "set_alpha_to_one",
          "prediction_type",
          "clip_sample",
          "clip_sample_range",
          "thresholding",
          "sample_max_value",
          "dynamic_thresholding_ratio",
          "eta"};
}

DdimOptions read_ddim_options(const nlohmann::json& options) {
  ConfigReader reader(options, "sampler ddim", "DDIMScheduler");
  constexpr double kAny = 1e6;
  DdimOptions read;
  read.noise = read_noise_schedule(reader);
  read.timestep_spacing =
      one_of(reader, "timestep_spacing", read.timestep_spacing, timestep_spacing_names());
  read.steps_offset = read_steps_offset(reader);
  read.set_alpha_to_one = reader.boolean("set_alpha_to_one", true);
  read.prediction_type =
      one_of(reader, "prediction_type", read.prediction_type, prediction_type_names());
  read.clip_sample = reader.boolean("clip_sample", true);
  read.clip_sample_range = number_within(reader, "clip_sample_range", 1.0, 0, kAny);
  read.thresholding = reader.boolean("thresholding", false);
  read.dynamic_thresholding_ratio =
      number_within(reader, "dynamic_thresholding_ratio", read.dynamic_thresholding_ratio, 0, 1);
  read.sample_max_value = number_within(reader, "sample_max_value", read.sample_max_value, 1, kAny);
  read.eta = number_within(reader, "eta", read.eta, 0, 1);
  reader.finish();
  return read;
}

DdimSampler::DdimSampler(DdimOptions options, int num_steps)
    : options_(std::move(options)), alphas_cumprod_(make_alphas_cumprod(options_.noise)) {
  for (const std::int64_t timestep :
       spaced_timesteps(options_.timestep_spacing, options_.noise.num_train_timesteps, num_steps,
                        options_.steps_offset)) {
    if (options_.prediction_type == "epsilon" && alphas_cumprod_[timestep] == 0) {
      throw usage_error("sampler ddim: nothing of the picture is left at timestep " +
                        std::to_string(timestep) +
                        " (rescale_betas_zero_snr), which prediction_type 'epsilon' cannot undo; "
                        "use 'v_prediction' or another timestep_spacing");
    }
    timesteps_.push_back(static_cast<double>(timestep));
  }
}

DdimSampler::Levels DdimSampler::levels(int step) const {
  const auto timestep = static_cast<std::int64_t>(timesteps_[step]);
  const std::int64_t num_steps = static_cast<std::int64_t>(timesteps_.size());
  const std::int64_t next = timestep - options_.noise.num_train_timesteps / num_steps;
  const float final_alpha = options_.set_alpha_to_one ? 1.0F : alphas_cumprod_[0];
  const float alpha_prod = alphas_cumprod_[timestep];
  return {alpha_prod, next >= 0 ? alphas_cumprod_[next] : final_alpha, std::sqrt(alpha_prod),
          std::sqrt(1 - alpha_prod)};
}

DdimSampler::Prediction DdimSampler::predict(const at::Tensor& model_output,
                                             const at::Tensor& sample, const Levels& level) const {
  if (options_.prediction_type == "epsilon") {
    return {(sample - level.sqrt_beta * model_output) / level.sqrt_alpha, model_output};
  }
  if (options_.prediction_type == "sample") {
    return {model_output, (sample - level.sqrt_alpha * model_output) / level.sqrt_beta};
  }
  return {level.sqrt_alpha * sample - level.sqrt_beta * model_output,
          level.sqrt_alpha * model_output + level.sqrt_beta * sample};
}

at::Tensor DdimSampler::limited(const at::Tensor& original_sample) const {
  if (options_.thresholding) {
    const at::Tensor flat = original_sample.to(at::kFloat).flatten(1);
    const at::Tensor bound = at::quantile(flat.abs(), options_.dynamic_thresholding_ratio, 1)
                                 .clamp(1, options_.sample_max_value)
                                 .unsqueeze(1);
    return (at::clamp(flat, -bound, bound) / bound).view_as(original_sample).to(original_sample);
  }
  if (!options_.clip_sample) return original_sample;
  return original_sample.clamp(-options_.clip_sample_range, options_.clip_sample_range);
}

// Formulas (12) and (16) of the paper, in float32 as diffusers computes them.
at::Tensor DdimSampler::step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                             const NoiseSource& noise) {
  const Levels level = levels(step);
  const Prediction prediction = predict(model_output, sample, level);
  const float beta_ratio = (1 - level.alpha_prod_prev) / (1 - level.alpha_prod);
  const float variance = beta_ratio * (1 - level.alpha_prod / level.alpha_prod_prev);
  const float sigma =
      options_.eta > 0 ? static_cast<float>(options_.eta) * std::sqrt(variance) : 0.0F;
  const float direction = std::sqrt(1 - level.alpha_prod_prev - sigma * sigma);
  at::Tensor next = std::sqrt(level.alpha_prod_prev) * limited(prediction.original_sample) +
                    direction * prediction.epsilon;
  if (options_.eta > 0) next = next + sigma * noise().to(next);
  return next.to(sample.scalar_type());
}

}  // namespace fdbench
