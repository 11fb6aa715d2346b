#include "samplers/sampler_options.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/number_text.h"
#include "core/word_list.h"
#include "samplers/known_options.h"

namespace fdbench {
namespace {

constexpr double kAny = 1e6;

/// "number, at least 1", "number, 0 to 1".
std::string range_text(double low, double high) {
  const std::string from = "number, " + std::string(high < kAny ? "" : "at least ");
  return from + number_text(low) + (high < kAny ? " to " + number_text(high) : "");
}

}  // namespace

using nlohmann::json;

OptionReader::OptionReader(const SamplerConfig& config, const std::string& sampler)
    : ConfigReader(config.options, "sampler " + sampler, ""), config_(config) {}

void OptionReader::declare(const std::string& key, const std::string& value, json initial) {
  if (config_.declarations == nullptr) return;
  config_.declarations->push_back({key, value, std::move(initial), scheduler_option_help(key)});
}

std::int64_t OptionReader::positive(const std::string& key, std::int64_t fallback) {
  declare(key, "whole number, at least 1", fallback);
  return ConfigReader::positive(key, fallback);
}

bool OptionReader::boolean(const std::string& key, bool fallback) {
  declare(key, "true or false", fallback);
  return ConfigReader::boolean(key, fallback);
}

std::optional<double> OptionReader::optional_number(const std::string& key) {
  declare(key, "number or null", nullptr);
  return ConfigReader::optional_number(key);
}

bool OptionReader::flag(const std::string& key, bool fallback) {
  const json* found = value(key);
  return found != nullptr && found->is_null() ? false : boolean(key, fallback);
}

std::string OptionReader::one_of(const std::string& key, const std::string& fallback,
                                 const std::vector<std::string>& names) {
  declare(key, words_text(names), fallback);
  const std::string chosen = text(key, fallback);
  if (std::find(names.begin(), names.end(), chosen) != names.end()) return chosen;
  throw error(key, "'" + chosen + "' is not known" + advice(chosen, names));
}

std::string OptionReader::one_of_or_null(const std::string& key, const std::string& fallback,
                                         const std::vector<std::string>& names) {
  const json* found = value(key);
  if (found != nullptr && !found->is_null()) return one_of(key, fallback, names);
  std::vector<std::string> values = names;
  values.emplace_back("null");
  declare(key, words_text(values), fallback.empty() ? json(nullptr) : json(fallback));
  return fallback;
}

double OptionReader::number_within(const std::string& key, double fallback, double low,
                                   double high) {
  declare(key, range_text(low, high), fallback);
  const double chosen = number(key, fallback);
  if (chosen >= low && chosen <= high) return chosen;
  throw error(key,
              json(chosen).dump() + " is outside " + json(low).dump() + ".." + json(high).dump());
}

std::int64_t OptionReader::whole(const std::string& key, std::int64_t fallback) {
  declare(key, "whole number", fallback);
  const json* found = value(key);
  if (found == nullptr) return fallback;
  if (found->is_number_integer()) return found->get<std::int64_t>();
  throw error(key, "must be a whole number, not " + found->dump());
}

std::vector<double> OptionReader::numbers(const std::string& key) {
  declare(key, "list of numbers or null", nullptr);
  const json* list = value(key);
  if (list == nullptr || list->is_null()) return {};
  const bool fits = list->is_array() && !list->empty() &&
                    std::all_of(list->begin(), list->end(), [](const json& entry) {
                      return entry.is_number() && std::isfinite(entry.get<double>());
                    });
  if (!fits) throw error(key, "must be null or a list of numbers");
  return list->get<std::vector<double>>();
}

Place OptionReader::place_of(const std::string& key) const {
  const auto& keys = config_.of_folder;
  const bool of_folder = std::find(keys.begin(), keys.end(), key) != keys.end();
  if (!of_folder || config_.file.empty()) return ConfigReader::place_of(key);
  return {config_.file + ": " + ConfigReader::place_of(key).file};
}

void OptionReader::finish() {
  for (const std::string& key : config_.foreign) any(key);
  std::vector<std::string> dead;
  for (const std::string& key : unread()) {
    const auto& keys = config_.of_folder;
    const bool of_folder = std::find(keys.begin(), keys.end(), key) != keys.end();
    if (!of_folder) throw unknown(key);
    dead.push_back(key);
  }
  pass_over(dead);
}

NoiseScheduleOptions read_noise_schedule(OptionReader& reader, const NoiseScheduleOptions& defaults,
                                         Rescaling rescaling,
                                         const std::vector<std::string>& schedules) {
  NoiseScheduleOptions options = defaults;
  options.num_train_timesteps = reader.positive("num_train_timesteps", options.num_train_timesteps);
  options.beta_start = reader.number_within("beta_start", options.beta_start, 0, 1);
  options.beta_end = reader.number_within("beta_end", options.beta_end, 0, 1);
  options.beta_schedule = reader.one_of("beta_schedule", options.beta_schedule, schedules);
  options.trained_betas = reader.numbers("trained_betas");
  if (rescaling == Rescaling::kOption)
    options.rescale_betas_zero_snr = reader.boolean("rescale_betas_zero_snr", false);
  const auto given = static_cast<std::int64_t>(options.trained_betas.size());
  if (given != 0 && given != options.num_train_timesteps) {
    throw reader.error("trained_betas", "has " + std::to_string(given) + " entries for " +
                                            std::to_string(options.num_train_timesteps) +
                                            " num_train_timesteps");
  }
  return options;
}

PredictionOptions read_prediction(OptionReader& reader, const std::vector<std::string>& types,
                                  Clipping clipping) {
  PredictionOptions options;
  options.prediction_type = reader.one_of("prediction_type", options.prediction_type, types);
  if (clipping == Clipping::kNone) {
    options.clip_sample = false;
  } else {
    options.clip_sample = reader.boolean("clip_sample", clipping == Clipping::kOnByDefault);
    options.clip_sample_range = reader.number_within("clip_sample_range", 1.0, 0, kAny);
  }
  options.thresholding = reader.boolean("thresholding", false);
  options.dynamic_thresholding_ratio =
      reader.number_within("dynamic_thresholding_ratio", options.dynamic_thresholding_ratio, 0, 1);
  options.sample_max_value =
      reader.number_within("sample_max_value", options.sample_max_value, 1, kAny);
  return options;
}

}  // namespace fdbench
