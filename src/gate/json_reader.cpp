#include "gate/json_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fdbench {
namespace {

constexpr std::size_t kLongestShown = 40;

/// For messages.
std::string shown(const JsonValue::Json& json) {
  if (json.is_number_float() && !std::isfinite(json.get<double>())) {
    const double value = json.get<double>();
    return std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
  }
  if (json.is_object()) return json.empty() ? "an empty object" : "an object";
  if (json.is_array()) return json.empty() ? "an empty list" : "a list";
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.size() <= kLongestShown ? text : text.substr(0, kLongestShown) + "...";
}

}  // namespace

void JsonValue::fail(const std::string& message) const {
  const std::string name = path_.empty() ? "" : "'" + path_ + "' ";
  throw usage_error(*place_, name + message + "; " + *remedy_);
}

void JsonValue::check_keys(const std::vector<std::string>& keys) const {
  if (!json_->is_object()) fail("must be an object, not " + shown(*json_));
  for (const auto& [key, value] : json_->items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    const std::string path = path_.empty() ? key : path_ + "." + key;
    throw usage_error(*place_, "unknown key '" + path + "'" + advice(key, keys));
  }
}

JsonValue JsonValue::at(const std::string& key) const {
  JsonValue value = *this;
  value.path_ = path_.empty() ? key : path_ + "." + key;
  const auto found = json_->find(key);
  if (found == json_->end()) value.fail("is missing");
  value.json_ = &*found;
  return value;
}

std::vector<std::pair<std::string, JsonValue>> JsonValue::members() const {
  if (!json_->is_object()) fail("must be an object, not " + shown(*json_));
  if (json_->empty()) fail("is empty");
  std::vector<std::pair<std::string, JsonValue>> values;
  for (const auto& [key, value] : json_->items()) values.emplace_back(key, at(key));
  return values;
}

double JsonValue::number() const {
  if (json_->is_number() && std::isfinite(json_->get<double>())) return json_->get<double>();
  fail("must be a finite number, not " + shown(*json_));
}

double JsonValue::number_or_infinity() const {
  if (*json_ == "inf") return std::numeric_limits<double>::infinity();
  return number();
}

bool JsonValue::truth() const {
  if (json_->is_boolean()) return json_->get<bool>();
  fail("must be true or false, not " + shown(*json_));
}

std::string JsonValue::text() const {
  if (json_->is_string()) return json_->get<std::string>();
  fail("must be a text, not " + shown(*json_));
}

std::vector<JsonValue> JsonValue::items() const {
  if (!json_->is_array()) fail("must be a list, not " + shown(*json_));
  if (json_->empty()) fail("is an empty list");
  std::vector<JsonValue> values;
  for (const Json& item : *json_) {
    JsonValue& value = values.emplace_back(*this);
    value.path_ += "." + std::to_string(values.size() - 1);
    value.json_ = &item;
  }
  return values;
}

}  // namespace fdbench
