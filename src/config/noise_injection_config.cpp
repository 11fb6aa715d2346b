#include "config/noise_injection_config.h"

#include "plan/strategies.h"

namespace fdbench {
namespace {

constexpr int kMostSteps = 100'000;
constexpr const char* kKey = "noise_injection";

}  // namespace

NoiseInjection read_noise_injection(const ConfigValue& value) {
  NoiseInjection injection;
  if (value.is_scalar()) {
    const bool is_number = !value.tree().quoted && is_plain_number(value.tree().scalar);
    const double usual = is_number || !value.truth() ? 0 : kPaperInjectionAlpha;
    injection.alpha = is_number ? value.number(0) : usual;
    return injection;
  }
  ConfigMap map(value);
  injection.alpha = map.has("alpha") ? map.at("alpha").number(0) : kPaperInjectionAlpha;
  if (map.has("tau")) injection.tau = static_cast<int>(map.at("tau").integer(1, kMostSteps));
  if (map.has("placement")) {
    injection.placement =
        parse_injection_placement(map.at("placement").choice(injection_placement_names()));
  }
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
