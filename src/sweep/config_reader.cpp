#include "sweep/config_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace fdbench {
namespace {

template <typename T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const char* begin = text.data() + (text.size() > 1 && text[0] == '+' ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(begin, end, value);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::string child_path(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

}  // namespace

Error ConfigValue::error(const std::string& message) const { return usage_error(place(), message); }

const std::string& ConfigValue::scalar(const std::string& wanted) const {
  if (is_scalar()) return tree_->scalar;
  throw error("'" + path_ + "' must be " + wanted + ", not " + kind_name(*tree_));
}

std::string ConfigValue::text() const {
  const std::string& text = scalar("text");
  if (text.empty()) throw error("'" + path_ + "' is empty");
  return text;
}

std::int64_t ConfigValue::integer(std::int64_t low, std::int64_t high) const {
  const std::string& text = scalar("a whole number");
  const std::optional<std::int64_t> value =
      tree_->quoted ? std::nullopt : parsed<std::int64_t>(text);
  if (!value) throw error("'" + path_ + "' must be a whole number, not '" + text + "'");
  if (*value < low) {
    throw error("'" + path_ + "' is " + text + "; it must be at least " + std::to_string(low));
  }
  if (*value > high) {
    throw error("'" + path_ + "' is " + text + "; it must be at most " + std::to_string(high));
  }
  return *value;
}

double ConfigValue::number(double low) const {
  const std::string& text = scalar("a number");
  const std::optional<double> value = tree_->quoted ? std::nullopt : parsed<double>(text);
  if (!value || !std::isfinite(*value)) {
    throw error("'" + path_ + "' must be a number, not '" + text + "'");
  }
  if (*value < low) {
    throw error("'" + path_ + "' is " + text + "; it must not be below " + std::to_string(low));
  }
  return *value;
}

double ConfigValue::share() const {
  std::string text = scalar("a share");
  const bool is_percent = !text.empty() && text.back() == '%';
  if (is_percent) text.pop_back();
  const std::optional<double> value = tree_->quoted ? std::nullopt : parsed<double>(text);
  const double share = value.value_or(0) / (is_percent ? 100 : 1);
  if (share > 0 && share < 1) return share;
  throw error("'" + path_ + "' must be a share such as 1% or 0.01, not '" + tree_->scalar + "'");
}

bool ConfigValue::truth() const {
  const std::string& text = scalar("true or false");
  if (!tree_->quoted && (text == "true" || text == "false")) return text == "true";
  throw error("'" + path_ + "' must be true or false, not '" + text + "'");
}

std::string ConfigValue::choice(const std::vector<std::string>& words) const {
  const std::string word = text();
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  throw error("'" + path_ + "' cannot be '" + word + "'" + advice(word, words));
}

std::vector<ConfigValue> ConfigValue::list() const {
  if (!is_list()) throw error("'" + path_ + "' must be a list, not " + kind_name(*tree_));
  if (tree_->items.empty()) throw error("'" + path_ + "' is an empty list");
  std::vector<ConfigValue> values;
  for (const ConfigTree& item : tree_->items) {
    values.emplace_back(item, child_path(path_, std::to_string(values.size())));
  }
  return values;
}

std::vector<int> ConfigValue::integers() const {
  std::vector<int> numbers;
  for (const ConfigValue& item : list()) {
    numbers.push_back(static_cast<int>(item.integer(-1'000'000, 1'000'000)));
  }
  return numbers;
}

std::vector<std::string> ConfigValue::texts() const {
  std::vector<std::string> words;
  for (const ConfigValue& item : list()) words.push_back(item.text());
  return words;
}

ConfigMap::ConfigMap(const ConfigValue& value) : value_(value) {
  if (value.is_map()) return;
  const std::string name = value.path().empty() ? "the config file" : "'" + value.path() + "'";
  throw value.error(name + " must be a map of keys, not " + kind_name(value.tree()));
}

bool ConfigMap::has(const std::string& key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  return value_.tree().find(key) != nullptr;
}

ConfigValue ConfigMap::at(const std::string& key) {
  if (!has(key)) {
    throw value_.error("the key '" + child_path(value_.path(), key) + "' is missing");
  }
  return ConfigValue(*value_.tree().find(key), child_path(value_.path(), key));
}

std::vector<std::pair<std::string, ConfigValue>> ConfigMap::rest() {
  std::vector<std::pair<std::string, ConfigValue>> values;
  for (const ConfigTree::Entry& entry : value_.tree().entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    values.emplace_back(entry.key, ConfigValue(entry.value, child_path(value_.path(), entry.key)));
  }
  return values;
}

void ConfigMap::finish() const {
  for (const ConfigTree::Entry& entry : value_.tree().entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    throw usage_error(entry.place, "unknown key '" + child_path(value_.path(), entry.key) + "'" +
                                       advice(entry.key, known_));
  }
}

}  // namespace fdbench
