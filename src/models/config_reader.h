// Strict reading of a component's config.json: every key that its class has is asked for with its
// type; keys that the class has not are passed over with a warning, as diffusers does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "kernels/activation.h"

namespace fdbench {

/// A key that is missing takes the default, as in diffusers. All faults are usage errors
/// "config.json: 'key': ...".
class ConfigReader {
 public:
  /// place: the config file, for messages. Throws when `config` is no JSON object or of another
  /// `_class_name` than `class_name`.
  ConfigReader(const nlohmann::json& config, const std::filesystem::path& place,
               const std::string& class_name);
  virtual ~ConfigReader() = default;

  /// A whole number from 1 to 2^24.
  std::int64_t positive(const std::string& key, std::int64_t fallback);
  /// As `positive`; empty for null and for a missing key.
  std::optional<std::int64_t> optional_positive(const std::string& key);
  /// A finite number.
  double number(const std::string& key, double fallback);
  std::optional<double> optional_number(const std::string& key);
  bool boolean(const std::string& key, bool fallback);
  std::string text(const std::string& key, const std::string& fallback);
  Activation activation(const std::string& key, const std::string& fallback);
  std::vector<std::string> texts(const std::string& key, const std::vector<std::string>& fallback);
  /// A list of positive whole numbers.
  std::vector<std::int64_t> positives(const std::string& key,
                                      const std::vector<std::int64_t>& fallback);
  /// One number for all `count` entries, or a list of `count` of them.
  std::vector<std::int64_t> positives_for_each(const std::string& key, std::int64_t fallback,
                                               std::size_t count);
  /// As `positives_for_each` of a value within `key`.
  std::vector<std::int64_t> positives_of(const std::string& key, const nlohmann::json& value,
                                         std::size_t count, const std::string& what) const;
  /// `norm_num_groups`, which must divide each of `channels`.
  std::int64_t norm_num_groups(const std::vector<std::int64_t>& channels);
  /// The value itself; nullptr when the key is missing.
  const nlohmann::json* value(const std::string& key);

  /// The key may only be missing or have the value `supported`.
  void only(const std::string& key, const nlohmann::json& supported);
  /// The key may have any value: it does not matter here.
  void any(const std::string& key) { known_.insert(key); }
  /// Warns once of the keys that were not asked for, with the nearest one that was: the class has
  /// no such options (a training's bookkeeping, notes, slips of the pen). Keys with a leading
  /// underscore and a training's moving average (EMAModel.save_pretrained) are expected ones.
  void finish() const;

  /// For a value that is wrong: "'key': message".
  Error error(const std::string& key, const std::string& message) const;
  /// For a value that diffusers may know but fdbench does not: names value and what is supported.
  Error unsupported(const std::string& key, const std::string& supported) const;

 protected:
  /// Where the value of a key comes from, for messages.
  virtual Place place_of(const std::string& key) const;
  /// Keys that were not asked for, those with a leading underscore left out.
  std::vector<std::string> unread() const;
  /// "unknown key 'x', did you mean 'y'?".
  Error unknown(const std::string& key) const;
  /// The warning of `finish` for these keys of one file; nothing for none.
  void pass_over(const std::vector<std::string>& keys) const;

 private:
  std::string near(const std::string& key) const;
  /// The key of the class that is missing and was meant by `slip`; "" when there is none.
  std::string live_key_for(const std::string& slip) const;
  std::int64_t checked_positive(const std::string& key, const nlohmann::json& number) const;

  const nlohmann::json& config_;
  Place place_;
  std::string class_name_;
  std::set<std::string> known_;
};

}  // namespace fdbench
