#include "models/config_reader.h"

#include <algorithm>
#include <cmath>

#include "core/notes.h"

namespace fdbench {

using nlohmann::json;

namespace {

constexpr std::int64_t kLargest = std::int64_t{1} << 24;

/// For messages: a JSON value as a person would write it.
std::string shown(const json& value) {
  if (value.is_number_float() && !std::isfinite(value.get<double>())) {  // as Python writes them
    const double number = value.get<double>();
    return std::isnan(number) ? "NaN" : number < 0 ? "-Infinity" : "Infinity";
  }
  std::string text = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 60) text.replace(57, std::string::npos, "...");
  return value.is_string() ? std::string("'").append(text).append("'") : text;
}

/// True when `word` is `name` but for one place where up to two letters differ, are missing or
/// more.
bool is_slip(const std::string& word, const std::string& name) {
  constexpr std::size_t kMostLetters = 2;
  const auto [a, b] = std::mismatch(word.begin(), word.end(), name.begin(), name.end());
  const auto most = std::min(word.end() - a, name.end() - b);
  const auto tail = std::mismatch(word.rbegin(), word.rbegin() + most, name.rbegin());
  const auto same = static_cast<std::size_t>((a - word.begin()) + (tail.first - word.rbegin()));
  return std::max(word.size(), name.size()) <= same + kMostLetters && same > kMostLetters;
}

}  // namespace

ConfigReader::ConfigReader(const json& config, const std::filesystem::path& place,
                           const std::string& class_name)
    : config_(config), place_{place.string()}, class_name_(class_name) {
  if (!config.is_object()) throw usage_error(place_, "must be a JSON object");
  const auto found = config.find("_class_name");
  if (found != config.end() && *found != class_name) {
    throw unsupported("_class_name", "'" + class_name + "' here");
  }
}

Error ConfigReader::error(const std::string& key, const std::string& message) const {
  return usage_error(place_of(key), "'" + key + "': " + message).about(key);
}

Place ConfigReader::place_of(const std::string&) const { return place_; }

Error ConfigReader::unsupported(const std::string& key, const std::string& supported) const {
  const auto found = config_.find(key);
  const std::string now = found == config_.end() ? "no value" : shown(*found);
  return error(key, now + " is not supported; fdbench supports " + supported);
}

const json* ConfigReader::value(const std::string& key) {
  known_.insert(key);
  const auto found = config_.find(key);
  return found == config_.end() ? nullptr : &*found;
}

std::int64_t ConfigReader::checked_positive(const std::string& key, const json& number) const {
  const bool fits = number.is_number_integer() && number >= 1 && number <= kLargest;
  if (!fits) throw error(key, "must be a whole number from 1, not " + shown(number));
  return number.get<std::int64_t>();
}

std::int64_t ConfigReader::positive(const std::string& key, std::int64_t fallback) {
  const json* found = value(key);
  return found == nullptr ? fallback : checked_positive(key, *found);
}

std::optional<std::int64_t> ConfigReader::optional_positive(const std::string& key) {
  const json* found = value(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return checked_positive(key, *found);
}

double ConfigReader::number(const std::string& key, double fallback) {
  const json* found = value(key);
  if (found == nullptr) return fallback;
  if (!found->is_number() || !std::isfinite(found->get<double>())) {
    throw error(key, "must be a number, not " + shown(*found));
  }
  return found->get<double>();
}

std::optional<double> ConfigReader::optional_number(const std::string& key) {
  const json* found = value(key);
  if (found == nullptr || found->is_null()) return std::nullopt;
  return number(key, 0);
}

bool ConfigReader::boolean(const std::string& key, bool fallback) {
  const json* found = value(key);
  if (found == nullptr) return fallback;
  if (!found->is_boolean()) throw error(key, "must be true or false, not " + shown(*found));
  return found->get<bool>();
}

std::string ConfigReader::text(const std::string& key, const std::string& fallback) {
  const json* found = value(key);
  if (found == nullptr) return fallback;
  if (!found->is_string()) throw error(key, "must be a text, not " + shown(*found));
  return found->get<std::string>();
}

Activation ConfigReader::activation(const std::string& key, const std::string& fallback) {
  const std::string name = text(key, fallback);
  const auto found = parse_activation(name);
  if (!found) throw error(key, shown(name) + " is not known" + advice(name, activation_names()));
  return *found;
}

std::vector<std::string> ConfigReader::texts(const std::string& key,
                                             const std::vector<std::string>& fallback) {
  const json* found = value(key);
  if (found == nullptr) return fallback;
  std::vector<std::string> list;
  const bool is_list = found->is_array() && !found->empty();
  for (const json& entry : is_list ? *found : json::array({nullptr})) {
    if (!entry.is_string()) throw error(key, "must be a list of texts, not " + shown(*found));
    list.push_back(entry.get<std::string>());
  }
  return list;
}

std::vector<std::int64_t> ConfigReader::positives(const std::string& key,
                                                  const std::vector<std::int64_t>& fallback) {
  const json* found = value(key);
  if (found == nullptr) return fallback;
  if (!found->is_array() || found->empty()) {
    throw error(key, "must be a list of whole numbers, not " + shown(*found));
  }
  std::vector<std::int64_t> list;
  for (const json& entry : *found) list.push_back(checked_positive(key, entry));
  return list;
}

std::vector<std::int64_t> ConfigReader::positives_for_each(const std::string& key,
                                                           std::int64_t fallback,
                                                           std::size_t count) {
  const json* found = value(key);
  if (found == nullptr) return std::vector<std::int64_t>(count, fallback);
  return positives_of(key, *found, count, "blocks");
}

std::vector<std::int64_t> ConfigReader::positives_of(const std::string& key, const json& value,
                                                     std::size_t count,
                                                     const std::string& what) const {
  if (!value.is_array()) return std::vector<std::int64_t>(count, checked_positive(key, value));
  if (value.size() != count) {
    throw error(key, "has " + std::to_string(value.size()) + " entries for " +
                         std::to_string(count) + " " + what);
  }
  std::vector<std::int64_t> list;
  for (const json& entry : value) list.push_back(checked_positive(key, entry));
  return list;
}

std::int64_t ConfigReader::norm_num_groups(const std::vector<std::int64_t>& channels) {
  const std::int64_t groups = positive("norm_num_groups", 32);
  for (const std::int64_t count : channels) {
    if (count % groups == 0) continue;
    throw error("norm_num_groups", std::to_string(groups) + " does not divide the " +
                                       std::to_string(count) + " channels of a block");
  }
  return groups;
}

void ConfigReader::only(const std::string& key, const json& supported) {
  const json* found = value(key);
  if (found != nullptr && *found != supported) throw unsupported(key, shown(supported));
}

std::vector<std::string> ConfigReader::unread() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : config_.items()) {
    if (!key.starts_with('_') && !known_.contains(key)) keys.push_back(key);
  }
  return keys;
}

std::string ConfigReader::near(const std::string& key) const {
  const std::string found = nearest(key, {known_.begin(), known_.end()});
  return found.empty() ? "" : ", did you mean '" + found + "'?";
}

Error ConfigReader::unknown(const std::string& key) const {
  return usage_error(place_of(key), "unknown key '" + key + "'" + near(key)).about(key);
}

std::string ConfigReader::live_key_for(const std::string& slip) const {
  for (const std::string& live : known_) {
    if (!config_.contains(live) && is_slip(slip, live)) return live;
  }
  return "";
}

void ConfigReader::pass_over(const std::vector<std::string>& keys) const {
  if (keys.empty()) return;
  std::string list, slips;
  for (const std::string& key : keys) {
    list += (list.empty() ? "'" : ", '") + key + "'";
    const std::string live = live_key_for(key);
    if (!live.empty()) slips += "; did you mean '" + live + "' by '" + key + "'?";
  }
  const std::string whose = class_name_.empty() ? "this class" : class_name_;
  say_warning(place_of(keys.front()),
              whose + " has no option " + list + ": passed over, as in diffusers" + slips);
}

void ConfigReader::finish() const { pass_over(unread()); }

}  // namespace fdbench
