#include "config/key_step_config.h"

namespace fdbench {
namespace {

constexpr int kMostSteps = 100'000;
constexpr const char* kOption = "--key-steps";

/// {start: 0.1, end: 0.9, max_run: 4}
NamedKeySteps read_fraction(ConfigMap& map, int num_steps) {
  FractionKeySteps fraction;
  fraction.start = map.at("start").number();
  fraction.end = map.at("end").number();
  fraction.max_run = static_cast<int>(map.at("max_run").integer(-kMostSteps, kMostSteps));
  map.finish();
  return {fraction_key_steps(fraction, num_steps), fraction_label(fraction)};
}

/// The map form: exactly one of uniform, list, mask, preset, or a fraction.
NamedKeySteps read_key_step_map(const ConfigValue& value, int num_steps) {
  ConfigMap map(value);
  if (map.has("start") || map.has("end") || map.has("max_run")) {
    return read_fraction(map, num_steps);
  }
  const std::vector<std::string> forms = {"uniform", "list", "mask", "preset"};
  NamedKeySteps result;
  int found = 0;
  for (const std::string& form : forms) {
    if (!map.has(form)) continue;
    ++found;
    const ConfigValue given = map.at(form);
    at_place(given, [&] {
      if (form == "uniform") {
        const int k = static_cast<int>(given.integer(1, num_steps));
        result = {uniform_key_steps(k, num_steps), "uniform_" + std::to_string(k)};
      } else if (form == "list") {
        result.key_steps = key_steps_from_list(given.integers(), num_steps);
      } else if (form == "mask") {
        result.key_steps = key_steps_from_mask(given.integers(), num_steps);
      } else {
        result = {preset_key_steps(given.text(), num_steps), given.text()};
      }
    });
  }
  map.finish();
  if (found != 1)
    throw value.error("'" + value.path() +
                      "' wants one of uniform, list, mask, preset, or start, end and max_run");
  return result;
}

}  // namespace

NamedKeySteps read_key_steps(const ConfigValue& value, int num_steps) {
  return at_place(value, [&] {
    if (!value.is_list() && !value.is_map()) return named_key_steps(value.text(), num_steps);
    NamedKeySteps result;
    if (value.is_list()) {
      result.key_steps = key_steps_from_list(value.integers(), num_steps);
    } else {
      result = read_key_step_map(value, num_steps);
    }
    if (result.label.empty()) result.label = count_label(result.key_steps);
    return result;
  });
}

NamedKeySteps key_steps_option(const std::string& text, int num_steps) {
  const ConfigTree tree = parse_argument(text, kOption);
  return read_key_steps(ConfigValue(tree, kOption), num_steps);
}

}  // namespace fdbench
