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
        "at the steps below it, counted downward (variant authors: one step more)"},
       [](const ConfigValue& value, NoiseInjection& injection) {
         injection.tau = static_cast<int>(value.integer(1, kMostSteps));
       }},
      {{"placement", words_text(injection_placement_names()),
        injection_placement_name(InjectionPlacement::kBeforeStep),
        "where within a step: does the network of the same step see it? (variant authors, step by "
        "step: before_unet)"},
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

NoiseInjection read_run_noise_injection(ConfigMap& entry, const RunSpec& run,
                                        const NoiseInjection& inherited) {
  const bool is_parallel = run.execution != Execution::kSequential;
  const auto filled = [&](const NoiseInjection& injection) {
    return resolved(injection, run.num_steps, run.variant, is_parallel);
  };
  if (entry.has(kKey)) {
    const ConfigValue value = entry.at(kKey);
    return at_place(value, [&] { return filled(read_noise_injection(value)); });
  }
  if (is_plain_strategy(run.strategy.name)) return {};
  return at_place(entry.value(), [&] { return filled(inherited); });
}

}  // namespace fdbench
