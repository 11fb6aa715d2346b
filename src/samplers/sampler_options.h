// How samplers read their options: diffusers' names and defaults, one clear line for what is wrong.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "models/config_reader.h"
#include "samplers/noise_schedule.h"
#include "samplers/prediction.h"
#include "samplers/sampler_option.h"

namespace fdbench {

/// Options as make_sampler hands them on.
struct SamplerConfig {
  // Not explicit: options alone are the common case.
  SamplerConfig(nlohmann::json options) : options(std::move(options)) {}

  nlohmann::json options;
  /// Keys of other schedulers, left unread without a word.
  std::vector<std::string> foreign;
  /// Keys whose values come from the folder's file.
  std::vector<std::string> of_folder;
  /// That file; "" where there is none.
  std::string file;
  /// Takes a declaration of every option that is read; null: nobody wants them.
  std::vector<SamplerOption>* declarations = nullptr;
};

/// A ConfigReader with the checks that sampler options need, which declares what it reads. All
/// faults are usage errors.
class OptionReader : public ConfigReader {
 public:
  /// sampler: for messages. `config` must outlive the reader.
  OptionReader(const SamplerConfig& config, const std::string& sampler);

  std::int64_t positive(const std::string& key, std::int64_t fallback);
  bool boolean(const std::string& key, bool fallback);
  std::optional<double> optional_number(const std::string& key);
  /// As `boolean`; null is false, as in diffusers.
  bool flag(const std::string& key, bool fallback);
  /// A text out of `names`; the message for another one has the nearest.
  std::string one_of(const std::string& key, const std::string& fallback,
                     const std::vector<std::string>& names);
  /// The same; null is the fallback, too.
  std::string one_of_or_null(const std::string& key, const std::string& fallback,
                             const std::vector<std::string>& names);
  double number_within(const std::string& key, double fallback, double low, double high);
  /// A whole number, of either sign.
  std::int64_t whole(const std::string& key, std::int64_t fallback);
  /// A list of numbers; empty for null and for a missing key.
  std::vector<double> numbers(const std::string& key);
  /// Throws when a key is left that neither this sampler nor another scheduler has; such keys of
  /// the folder's file are passed over with a warning.
  void finish();
  /// Says of an option what it takes: of one that is read by `value`.
  void declare(const std::string& key, const std::string& value, nlohmann::json initial);

 protected:
  /// The folder's file for what it says.
  Place place_of(const std::string& key) const override;

 private:
  const SamplerConfig& config_;
};

/// Whether a sampler has the option rescale_betas_zero_snr.
enum class Rescaling { kNone, kOption };

/// beta_start, beta_end, beta_schedule, trained_betas, num_train_timesteps and
/// rescale_betas_zero_snr. `defaults` differ by sampler; schedules: the beta_schedules it has.
NoiseScheduleOptions read_noise_schedule(OptionReader& reader,
                                         const NoiseScheduleOptions& defaults = {},
                                         Rescaling rescaling = Rescaling::kOption,
                                         const std::vector<std::string>& schedules = {
                                             "linear", "scaled_linear", "squaredcos_cap_v2"});

/// Whether a sampler has the options clip_sample and clip_sample_range, and the first one's
/// default.
enum class Clipping { kNone, kOffByDefault, kOnByDefault };

/// prediction_type, which must be one of `types`; thresholding with its two numbers; clipping.
PredictionOptions read_prediction(OptionReader& reader, const std::vector<std::string>& types,
                                  Clipping clipping);

}  // namespace fdbench
