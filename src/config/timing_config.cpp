#include "config/timing_config.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMany = 1'000'000;

void read_repeats(const ConfigValue& value, TimingSettings& timing) {
  ConfigMap map(value);
  timing.fewest_rounds = map.has("min") ? static_cast<int>(map.at("min").integer(2, kMany)) : 5;
  timing.rounds = map.has("max") ? static_cast<int>(map.at("max").integer(2, kMany)) : 50;
  timing.until = map.at("until").share();
  map.finish();
  if (timing.rounds < timing.fewest_rounds) {
    throw value.error("'max' (" + std::to_string(timing.rounds) + ") is below 'min' (" +
                      std::to_string(timing.fewest_rounds) + ")");
  }
}

}  // namespace

TimingSettings read_timing(const ConfigValue& value) {
  TimingSettings timing;
  ConfigMap map(value);
  if (map.has("warmup")) timing.warmup = static_cast<int>(map.at("warmup").integer(0, kMany));
  if (map.has("rounds") && map.has("repeats")) {
    throw value.error("'timing' wants either 'rounds' or 'repeats'");
  }
  if (map.has("rounds")) timing.rounds = static_cast<int>(map.at("rounds").integer(0, kMany));
  if (map.has("repeats")) read_repeats(map.at("repeats"), timing);
  if (map.has("rounds_per_process")) {
    timing.rounds_per_process = static_cast<int>(map.at("rounds_per_process").integer(1, kMany));
  }
  map.finish();
  return timing;
}

}  // namespace fdbench
