#include "results/settings.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "io/json_text.h"

namespace fdbench {
namespace {

constexpr std::size_t kMostNamed = 3, kLongestValue = 40;

constexpr unsigned bit(Scope scope) { return static_cast<unsigned>(scope); }
constexpr unsigned kPictures = bit(Scope::kPictures), kTiming = bit(Scope::kTiming),
                   kJudging = bit(Scope::kJudging), kRoundCount = bit(Scope::kRoundCount),
                   kLatents = bit(Scope::kLatents), kCompared = bit(Scope::kCompared),
                   kModel = bit(Scope::kModel), kRun = bit(Scope::kRun);

/// A setting, or a family: "model" stands for all of "model.*" that have no row of their own.
struct Row {
  std::string_view name;
  unsigned scopes;
};

constexpr Row kTable[] = {
    {"fdbench_version", kPictures | kTiming},
    {"device", kPictures | kTiming | kCompared},
    {"dtype", kPictures | kTiming | kLatents | kCompared},
    {"threads", kTiming | kCompared},
    {"cpus", kTiming | kCompared},
    {"seed", kPictures | kTiming | kCompared},
    {"guidance_scale", kPictures | kTiming | kLatents | kCompared},
    {"guidance_rescale", kPictures | kTiming | kLatents | kCompared},
    {"clip_skip", kPictures | kTiming | kLatents | kCompared},
    {"latent", kPictures | kTiming | kLatents | kCompared},
    {"equal_time", kTiming | kCompared},
    {"model", kPictures | kTiming | kLatents | kCompared | kModel},
    {"prompts", kTiming | kCompared},
    {"prompts.negative", kTiming | kLatents | kCompared},
    {"features", kPictures | kCompared},
    {"pictures.chunk", kPictures},
    {"pictures.batch", kPictures | kLatents | kCompared},
    {"pictures.keep", kJudging},
    {"judges", kPictures | kCompared},
    {"judges.reference", kJudging | kCompared},
    {"judges.metrics", kJudging | kCompared},
    {"judges.keep_features", kJudging | kCompared},
    {"judges.bootstrap", kJudging | kCompared},
    {"timing", kTiming},
    {"timing.rounds", kRoundCount},
    {"timing.until", kRoundCount},
    {"runs", kPictures | kTiming | kRun},
};
constexpr unsigned kUnknown = kPictures | kTiming | kCompared;

unsigned scopes_of(std::string_view setting) {
  const std::string_view family = setting.substr(0, setting.find('.'));
  unsigned scopes = kUnknown;
  for (const Row& row : kTable) {
    if (row.name == setting) return row.scopes;
    if (row.name == family) scopes = row.scopes;
  }
  return scopes;
}

Settings picked(const Settings& settings, Scope scope, bool wanted) {
  Settings found;
  for (const auto& [name, value] : settings) {
    if (depends(scope, name) == wanted) found[name] = value;
  }
  return found;
}

std::string shown(const std::string& value) {
  return value.size() <= kLongestValue ? value : value.substr(0, kLongestValue) + "...";
}

}  // namespace

bool depends(Scope scope, const std::string& setting) {
  return (scopes_of(setting) & bit(scope)) != 0;
}

Settings of_scope(const Settings& settings, Scope scope) { return picked(settings, scope, true); }

Settings not_of_scope(const Settings& settings, Scope scope) {
  return picked(settings, scope, false);
}

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
