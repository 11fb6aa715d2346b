// Options of the command line that are read as config files read the same values.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "core/error.h"
#include "core/plain_scalar.h"

namespace fdbench {

/// The largest whole number that an option or a config takes for a seed.
inline constexpr std::int64_t kLargestSeed = std::numeric_limits<std::int64_t>::max();

template <typename Value>
Value checked_option(const std::string& name, const PlainScalar<Value>& scalar) {
  if (scalar.fault.empty()) return scalar.value;
  throw usage_error("'" + name + "' " + scalar.fault);
}

template <typename Type>
struct TargetValue {
  using Plain = Type;
};
template <typename Type>
struct TargetValue<std::optional<Type>> {
  using Plain = Type;
};

/// An option whose text `read` turns into the target's value. A default is shown after
/// capture_default_str().
template <typename Target, typename Reader>
CLI::Option* add_plain_option(CLI::App& command, const std::string& name, Target& target,
                              const std::string& help, const Reader& read) {
  CLI::Option* option = command.add_option_function<std::string>(
      name,
      [&target, read](const std::string& text) {
        target = static_cast<typename TargetValue<Target>::Plain>(read(text));
      },
      help);
  option->default_function([&target] {
    if constexpr (std::is_arithmetic_v<Target>) return CLI::detail::to_string(target);
    return std::string();
  });
  return option;
}

/// A whole number in [low, high], as `ConfigValue::integer` takes it. Throws its words with the
/// option's name.
template <typename Target>
CLI::Option* add_whole_number(CLI::App& command, const std::string& name, Target& target,
                              const std::string& help, std::int64_t low, std::int64_t high) {
  return add_plain_option(command, name, target, help,
                          [name, low, high](const std::string& text) {
                            return checked_option(name, plain_whole_number(text, low, high));
                          })
      ->type_name("INT");
}

/// A finite number of at least `low`, as `ConfigValue::number` takes it.
template <typename Target>
CLI::Option* add_number(CLI::App& command, const std::string& name, Target& target,
                        const std::string& help,
                        double low = std::numeric_limits<double>::lowest()) {
  return add_plain_option(command, name, target, help,
                          [name, low](const std::string& text) {
                            return checked_option(name, plain_number(text, low));
                          })
      ->type_name("NUMBER");
}

/// --threads, as `threads:` of a config; 0: all cores.
CLI::Option* add_threads(CLI::App& command, int& threads);

/// For options that take text: UTF-8 and nothing else.
CLI::Validator is_text();
/// The same for a prompt, which is not made of white space alone ("" is the empty prompt).
CLI::Validator is_prompt();

}  // namespace fdbench
