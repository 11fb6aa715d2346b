#include "plan/option.h"

#include <algorithm>
#include <cstdio>

#include "core/number_text.h"
#include "core/word_list.h"

namespace fdbench {
namespace {

constexpr const char* kKeySteps = "key_steps";

const Option* option_named(const std::string& name, std::span<const Option> options) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

std::vector<std::string> names_of(std::span<const Option> options) {
  std::vector<std::string> names;
  for (const Option& option : options) names.push_back(option.name);
  return names;
}

/// The word that `option` has: given, or its initial one.
std::string word_of(const std::string& name, const OptionSet& given,
                    std::span<const Option> options) {
  return with_initial_values(given, options).get<std::string>(name);
}

std::optional<OptionClash> clash_of_given(const Option& option, std::span<const Option> options,
                                          const OptionSet& given, bool has_key_steps) {
  using Kind = OptionClash::Kind;
  if (option.makes_key_steps && has_key_steps) return {{Kind::kExclusive, &option, kKeySteps}};
  for (const std::string& other : option.not_with) {
    if (given.has(other)) return {{Kind::kExclusive, &option, other}};
  }
  if (!option.only_with) return {};
  const std::string word = word_of(option.only_with->option, given, options);
  if (word == option.only_with->word) return {};
  return {{Kind::kCondition, &option, option.only_with->option, word}};
}

std::optional<OptionClash> clash_of_missing(const Option& option, std::span<const Option> options,
                                            const OptionSet& given) {
  if (!option.only_with || option.initial) return {};
  const std::string word = word_of(option.only_with->option, given, options);
  if (word != option.only_with->word) return {};
  return {{OptionClash::Kind::kMissing, &option, option.only_with->option, word}};
}

}  // namespace

bool is_structured(OptionType type) {
  return type == OptionType::kKeyStepsByPart || type == OptionType::kGrid;
}

std::string Option::flag_name() const {
  if (flag) return *flag;
  std::string dashed = "--" + name;
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return dashed;
}

OptionSet with_initial_values(OptionSet values, std::span<const Option> options) {
  for (const auto& [name, value] : values.values()) {
    const Option* option = option_named(name, options);
    if (option == nullptr) {
      throw usage_error("there is no option '" + name + "'" + advice(name, names_of(options)));
    }
    if (value.index() != static_cast<std::size_t>(option->type)) {
      throw usage_error("option '" + name + "' wants another type of value");
    }
  }
  for (const Option& option : options) {
    if (option.initial && !values.has(option.name)) values.set(option.name, *option.initial);
  }
  return values;
}

std::string options_label(const OptionSet& values, std::span<const Option> options) {
  const OptionSet all = with_initial_values(values, options);
  std::string label;
  for (const Option& option : options) {
    if (is_structured(option.type) || !all.has(option.name)) continue;
    const OptionValue& value = all.at(option.name);
    const bool is_usual = option.initial && value == *option.initial;
    if (is_usual && !option.is_always_named) continue;
    label += (label.empty() ? "" : "/") + option.label.value_or(option.name) + "_";
    label += plain_text(value);
  }
  return label;
}

std::string plain_text(const OptionValue& value) {
  if (const int* whole = std::get_if<int>(&value)) return std::to_string(*whole);
  if (const double* real = std::get_if<double>(&value)) return number_text(*real);
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  return std::get<std::string>(value);
}

std::string range_text(const Option& option) {
  switch (option.type) {
    case OptionType::kWhole:
    case OptionType::kReal: {
      const std::string kind = option.type == OptionType::kWhole ? "whole number" : "number";
      const bool is_limited = option.high < Option().high;
      if (!is_limited) return kind + ", at least " + number_text(option.low);
      return kind + ", " + number_text(option.low) + " to " + number_text(option.high);
    }
    case OptionType::kTruth:
      return "true or false";
    case OptionType::kChoice:
      return words_text(option.words);
    case OptionType::kKeyStepsByPart:
      return "map of parts, blocks or layers to key steps";
    case OptionType::kGrid:
      return "grid";
  }
  return "";
}

std::optional<OptionClash> first_clash(std::span<const Option> options, const OptionSet& given,
                                       bool has_key_steps) {
  for (const Option& option : options) {
    const auto clash = given.has(option.name)
                           ? clash_of_given(option, options, given, has_key_steps)
                           : clash_of_missing(option, options, given);
    if (clash) return clash;
  }
  return {};
}

}  // namespace fdbench
