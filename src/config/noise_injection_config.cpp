#include "config/noise_injection_config.h"

#include "core/number_text.h"
#include "core/word_list.h"
#include "plan/strategies.h"

namespace fdbench {
namespace {

constexpr int kMostSteps = 100'000;
constexpr const char* kKey = "noise_injection";

std::span<const ConfigKey<NoiseInjection>> keys() {
  static const std::vector<ConfigKey<NoiseInjection>> rows = {
      {{"alpha", "number, at least 0", number_text(kPaperInjectionAlpha),
        "share of the starting noise that is added"},
       [](const ConfigValue& value, NoiseInjection& injection) {
         injection.alpha = value.number(0);
       }},
      {{"tau", "whole number, at least 1", "half of the steps",
        "at the steps below it, counted downward"},
       [](const ConfigValue& value, NoiseInjection& injection) {
         injection.tau = static_cast<int>(value.integer(1, kMostSteps));
       }},
      {{"placement", words_text(injection_placement_names()),
        injection_placement_name(NoiseInjection().placement),
        "where within a step: does the network of the same step see it?"},
       [](const ConfigValue& value, NoiseInjection& injection) {
         injection.placement = parse_injection_placement(value.choice(injection_placement_names()));
       }},
  };
  return rows;
}

}  // namespace

std::vector<KeyInfo> noise_injection_keys() { return infos_of(keys()); }

NoiseInjection read_noise_injection(const ConfigValue& value) {
  NoiseInjection injection;
  if (value.is_scalar()) {
    const bool is_number = !value.tree().quoted && is_plain_number(value.tree().scalar);
    const double usual = is_number || !value.truth() ? 0 : kPaperInjectionAlpha;
    injection.alpha = is_number ? value.number(0) : usual;
    return injection;
  }
  ConfigMap map(value);
  injection.alpha = kPaperInjectionAlpha;
  read_keys(map, keys(), injection);
  map.finish();
  return injection;
}

NoiseInjection read_run_noise_injection(ConfigMap& run, const std::string& strategy,
                                        const NoiseInjection& inherited, int num_steps) {
  if (run.has(kKey)) {
    const ConfigValue value = run.at(kKey);
    return at_place(value, [&] { return resolved(read_noise_injection(value), num_steps); });
  }
  if (is_plain_strategy(strategy)) return {};
  return at_place(run.value(), [&] { return resolved(inherited, num_steps); });
}

}  // namespace fdbench
