#include "config/config_reader.h"

#include <algorithm>

#include "core/plain_scalar.h"

namespace fdbench {
namespace {

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

template <typename Value>
Value ConfigValue::checked(const PlainScalar<Value>& scalar) const {
  if (scalar.fault.empty()) return scalar.value;
  throw error("'" + path_ + "' " + scalar.fault);
}

const std::string& ConfigValue::plain(const std::string& wanted) const {
  const std::string& text = scalar(wanted);
  if (!tree_->quoted) return text;
  throw error("'" + path_ + "' must be " + wanted + ", not the text '" + text + "' in quotes");
}

std::int64_t ConfigValue::integer(std::int64_t low, std::int64_t high) const {
  return checked(plain_whole_number(plain("a whole number"), low, high));
}

double ConfigValue::number(double low) const {
  return checked(plain_number(plain("a number"), low));
}

double ConfigValue::share() const {
  std::string text = plain("a share such as 1% or 0.01");
  const bool is_percent = !text.empty() && text.back() == '%';
  if (is_percent) text.pop_back();
  const double share = plain_number(text).value / (is_percent ? 100 : 1);
  if (share > 0 && share < 1) return share;
  throw error("'" + path_ + "' must be a share such as 1% or 0.01, not '" + tree_->scalar + "'");
}

bool ConfigValue::truth() const { return checked(plain_truth(plain("true or false"))); }

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
