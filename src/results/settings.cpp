#include "results/settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/json_text.h"

namespace fdbench {
namespace {

constexpr std::size_t kMostNamed = 3, kLongestValue = 40;

std::string shown(const std::string& value) {
  return value.size() <= kLongestValue ? value : value.substr(0, kLongestValue) + "...";
}

}  // namespace

std::string settings_json(const Settings& settings) { return nlohmann::json(settings).dump(); }

Settings settings_from_json(const std::string& text) {
  Settings settings;
  if (nested_too_deeply(text)) return settings;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return settings;
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) settings[key] = value.get<std::string>();
  }
  return settings;
}

std::string describe_changes(const Settings& before, const Settings& now) {
  std::vector<std::string> changes;
  for (const auto& [key, value] : now) {
    const auto old = before.find(key);
    if (old == before.end()) {
      changes.push_back(key + " (new)");
    } else if (old->second != value) {
      changes.push_back(key + " (was " + shown(old->second) + ", now " + shown(value) + ")");
    }
  }
  for (const auto& [key, value] : before) {
    if (now.count(key) == 0) changes.push_back(key + " (gone)");
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(changes.size(), kMostNamed); ++i) {
    text += (i ? ", " : "") + changes[i];
  }
  if (changes.size() > kMostNamed) {
    text += " and " + std::to_string(changes.size() - kMostNamed) + " more";
  }
  return text;
}

}  // namespace fdbench
