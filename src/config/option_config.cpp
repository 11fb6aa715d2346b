#include "config/option_config.h"

#include "config/grid_config.h"
#include "config/key_step_config.h"

namespace fdbench {
namespace {

double read_real(const ConfigValue& value, const Option& option) {
  const double number = value.number(option.low);
  if (number <= option.high) return number;
  throw value.error("'" + value.path() + "' is " + plain_text(number) + "; it must be at most " +
                    plain_text(option.high));
}

KeyStepsByPart read_key_steps_by_part(const ConfigValue& value, int num_steps) {
  KeyStepsByPart parts;
  ConfigMap map(value);
  for (const auto& [selector, key_steps] : map.rest()) {
    parts[selector] = read_key_steps(key_steps, num_steps).key_steps;
  }
  if (parts.empty()) throw value.error("'" + value.path() + "' names no block");
  return parts;
}

}  // namespace

OptionValue read_option(const ConfigValue& value, const Option& option, int num_steps) {
  switch (option.type) {
    case OptionType::kWhole:
      return static_cast<int>(value.integer(static_cast<std::int64_t>(option.low),
                                            static_cast<std::int64_t>(option.high)));
    case OptionType::kReal:
      return read_real(value, option);
    case OptionType::kTruth:
      return value.truth();
    case OptionType::kChoice:
      return value.choice(option.words);
    case OptionType::kKeyStepsByPart:
      return read_key_steps_by_part(value, num_steps);
    case OptionType::kGrid:
      return read_grid(value);
  }
  throw value.error("'" + value.path() + "' is of an unknown type");
}

OptionValue option_of_text(const std::string& text, const Option& option, int num_steps) {
  const std::string flag = option.flag_name();
  if (is_structured(option.type)) {
    const ConfigTree tree = parse_argument(text, flag);
    return read_option(ConfigValue(tree, flag), option, num_steps);
  }
  ConfigTree tree;
  tree.kind = ConfigTree::Kind::kScalar;
  tree.scalar = text;
  return read_option(ConfigValue(tree, flag), option, num_steps);
}

}  // namespace fdbench
