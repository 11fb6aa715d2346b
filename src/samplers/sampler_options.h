// How samplers read their options: diffusers' names and defaults, one clear line for what is wrong.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/config_reader.h"
#include "samplers/noise_schedule.h"
#include "samplers/prediction.h"

namespace fdbench {

/// Options as make_sampler hands them on.
struct SamplerConfig {
  // NOLINTNEXTLINE(google-explicit-constructor): options alone are the common case.
  SamplerConfig(nlohmann::json options) : options(std::move(options)) {}

  nlohmann::json options;
  std::vector<std::string> foreign;    // keys of other schedulers, left unread without a word
  std::vector<std::string> of_folder;  // keys whose values come from the folder's file
  std::string file;                    // that file; "" where there is none
};

/// A ConfigReader with the checks that sampler options need. All faults are usage errors.
class OptionReader : public ConfigReader {
 public:
  /// sampler: for messages. `config` must outlive the reader.
  OptionReader(const SamplerConfig& config, const std::string& sampler);

  /// As `boolean`; null is false, as in diffusers.
  bool flag(const std::string& key, bool fallback);
  /// A text out of `names`; the message for another one has the nearest.
  std::string one_of(const std::string& key, const std::string& fallback,
                     const std::vector<std::string>& names);
  double number_within(const std::string& key, double fallback, double low, double high);
  /// A whole number, of either sign.
  std::int64_t whole(const std::string& key, std::int64_t fallback);
  /// A list of numbers; empty for null and for a missing key.
  std::vector<double> numbers(const std::string& key);
  /// Throws when a key is left that neither this sampler nor another scheduler has; such keys of
  /// the folder's file are passed over with a warning.
  void finish();

 protected:
  /// The folder's file for what it says.
  Place place_of(const std::string& key) const override;

 private:
  const SamplerConfig& config_;
};

/// beta_start, beta_end, beta_schedule, trained_betas, num_train_timesteps and, where `rescales`,
/// rescale_betas_zero_snr. `defaults` differ by sampler; schedules: the beta_schedules it has.
NoiseScheduleOptions read_noise_schedule(
    OptionReader& reader, const NoiseScheduleOptions& defaults = {}, bool rescales = true,
    const std::vector<std::string>& schedules = {"linear", "scaled_linear", "squaredcos_cap_v2"});

/// prediction_type, which must be one of `types`; thresholding with its two numbers; and, where
/// `clips`, clip_sample (of this default) with clip_sample_range.
PredictionOptions read_prediction(OptionReader& reader, const std::vector<std::string>& types,
                                  bool clips, bool clip_sample = true);

}  // namespace fdbench
