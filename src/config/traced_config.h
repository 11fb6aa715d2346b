// Maps that ask for something of the first pictures of each run, at chosen steps.
#pragma once

#include <span>
#include <vector>

#include "config/config_key.h"
#include "config/experiment.h"

namespace fdbench {

/// true, false, or a map of the keys in `rows`; with `true` and a map that does not say otherwise
/// Settings::pictures is kUsualTracedPictures, with `false` 0.
template <typename Settings>
Settings read_traced(const ConfigValue& value, std::span<const ConfigKey<Settings>> rows) {
  Settings settings;
  if (value.is_scalar()) {
    if (value.truth()) settings.pictures = kUsualTracedPictures;
    return settings;
  }
  settings.pictures = kUsualTracedPictures;
  ConfigMap map(value);
  read_keys(map, rows, settings);
  map.finish();
  return settings;
}

/// The key `steps`, of Settings::steps.
template <typename Settings>
ConfigKey<Settings> steps_key() {
  constexpr std::int64_t kMostSteps = 100'000;
  return {{"steps", "list of steps, counted downward", "ten, evenly spaced", "steps to draw"},
          [](const ConfigValue& value, Settings& settings) {
            for (const ConfigValue& item : value.list()) {
              settings.steps.counted.push_back(static_cast<int>(item.integer(1, kMostSteps)));
            }
            settings.steps.place = value.place();
          }};
}

/// The key `pictures`, of Settings::pictures.
template <typename Settings>
ConfigKey<Settings> pictures_key(const char* help) {
  constexpr std::int64_t kMostPictures = 1'000'000;
  return {{"pictures", "whole number, at least 1", std::to_string(kUsualTracedPictures), help},
          [](const ConfigValue& value, Settings& settings) {
            settings.pictures = static_cast<int>(value.integer(1, kMostPictures));
          }};
}

}  // namespace fdbench
