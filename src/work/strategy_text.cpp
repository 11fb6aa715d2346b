#include "work/strategy_text.h"

#include <algorithm>
#include <stdexcept>

#include "config/experiment.h"
#include "core/number_text.h"

namespace fdbench {
namespace {

constexpr int kNotGiven = -1;

nlohmann::json structured_json(const OptionValue& value) {
  nlohmann::json json = nlohmann::json::object();
  if (const auto* parts = std::get_if<KeyStepsByPart>(&value)) {
    for (const auto& [selector, key_steps] : *parts) json[selector] = key_steps_text(key_steps);
  } else {
    for (const auto& [name, cells] : std::get<GridLines>(value)) json[name] = cells;
  }
  return json;
}

/// Of a number or a word.
nlohmann::ordered_json plain_json(const OptionValue& value) {
  if (const int* whole = std::get_if<int>(&value)) return *whole;
  if (const double* real = std::get_if<double>(&value)) return *real;
  if (const bool* truth = std::get_if<bool>(&value)) return *truth;
  return std::get<std::string>(value);
}

/// The same in settings, where a real number is its 17 digits.
nlohmann::json settings_value(const OptionSet& values, const Option& option) {
  if (!values.has(option.name)) {
    return option.type == OptionType::kWhole ? nlohmann::json(kNotGiven) : nlohmann::json();
  }
  const OptionValue& value = values.at(option.name);
  if (const double* real = std::get_if<double>(&value)) return exact_number_text(*real);
  return plain_json(value);
}

/// Throws std::logic_error where there is no such column: a fault of the table of strategies.
void set_column(RunRecord& record, const std::string& column, const OptionValue& value) {
  const auto fields = run_fields();
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const RunField& candidate) {
    return candidate.column.name == column;
  });
  if (field == fields.end()) throw std::logic_error("/runs has no column " + column);
  if (const int* whole = std::get_if<int>(&value)) return field->set(record, std::int64_t{*whole});
  if (const double* real = std::get_if<double>(&value)) return field->set(record, *real);
  if (const bool* truth = std::get_if<bool>(&value)) return field->set(record, *truth);
  field->set(record, std::get<std::string>(value));
}

}  // namespace

void add_strategy(nlohmann::json& settings, const StrategyOptions& strategy) {
  const Strategy& row = find_strategy(strategy.name);
  settings["strategy"] = strategy.name;
  settings["key_steps"] = key_steps_text(strategy.key_steps);
  if (strategy.reuse != Reuse::kHold) settings["reuse"] = reuse_name(strategy.reuse);
  const OptionSet values = with_initial_values(strategy.options, row.options);
  nlohmann::json list = nlohmann::json::array();
  for (const Option& option : row.options) {
    if (option.makes_key_steps) continue;
    // A choice that may be left out is told where it was made.
    const bool stands_alone =
        is_structured(option.type) || (option.type == OptionType::kChoice && !option.initial);
    if (!stands_alone) {
      list.push_back(settings_value(values, option));
    } else if (values.has(option.name)) {
      const OptionValue& value = values.at(option.name);
      settings[option.name] =
          is_structured(option.type) ? structured_json(value) : nlohmann::json(plain_json(value));
    }
  }
  if (!list.empty()) settings[row.settings_key.empty() ? row.name : row.settings_key] = list;
}

void record_options(RunRecord& record, const StrategyOptions& strategy) {
  const Strategy& row = find_strategy(strategy.name);
  const OptionSet values = with_initial_values(strategy.options, row.options);
  nlohmann::ordered_json json;
  for (const Option& option : row.options) {
    if (!values.has(option.name) || option.type == OptionType::kGrid) continue;
    const OptionValue& value = values.at(option.name);
    if (is_structured(option.type)) {
      json[option.name] = structured_json(value);
    } else {
      json[option.name] = plain_json(value);
    }
    if (!option.column.empty()) set_column(record, option.column, value);
  }
  record.strategy_options = json.empty() ? "" : json.dump();
}

}  // namespace fdbench
