#include "cli/declared_tables.h"

#include <nlohmann/json.hpp>

#include "plan/strategies.h"
#include "results/settings.h"
#include "results/text_table.h"

namespace fdbench {
namespace {

std::string use_text(KeyStepUse use) {
  switch (use) {
    case KeyStepUse::kNone:
      return "none";
    case KeyStepUse::kNeeded:
      return "needed";
    case KeyStepUse::kOptional:
      return "given, or made of options";
  }
  return "";
}

std::string initial_text(const Option& option) {
  return option.initial && !is_structured(option.type) ? plain_text(*option.initial) : "";
}

TextLines strategy_lines() {
  TextLines lines = {{"strategy", "key steps", "what it does"}};
  for (const Strategy& strategy : strategies()) {
    lines.push_back({strategy.name, use_text(strategy.key_steps), strategy.help});
  }
  return lines;
}

TextLines option_lines() {
  TextLines lines = {{"strategy", "option", "value", "default", "command line", "meaning"}};
  for (const Strategy& strategy : strategies()) {
    for (const Option& option : strategy.options) {
      lines.push_back({strategy.name, option.name, range_text(option), initial_text(option),
                       option.flag_name(), option.help});
    }
  }
  return lines;
}

TextLines setting_lines() {
  TextLines lines = {{"setting", "what depends on it", "meaning"}};
  for (const SettingInfo& info : all_settings()) {
    lines.push_back(
        {setting_name(info.setting, "NAME"), scopes_text(info.scopes), std::string(info.help)});
  }
  return lines;
}

/// The lines below the heading as objects by its words.
nlohmann::ordered_json objects_of(const TextLines& lines) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (std::size_t row = 1; row < lines.size(); ++row) {
    nlohmann::ordered_json& object = list.emplace_back();
    for (std::size_t column = 0; column < lines[0].size(); ++column) {
      object[lines[0][column]] = lines[row][column];
    }
  }
  return list;
}

std::string shown(const TextLines& lines, const std::string& format) {
  return format == "md" ? markdown_table(lines) : aligned_table(lines);
}

}  // namespace

std::string strategies_text(const std::string& format) {
  if (format == "json") {
    const nlohmann::ordered_json json = {{"strategies", objects_of(strategy_lines())},
                                         {"options", objects_of(option_lines())}};
    return json.dump(2) + "\n";
  }
  return shown(strategy_lines(), format) + "\n" + shown(option_lines(), format);
}

std::string settings_table(const std::string& format) {
  if (format == "json") return objects_of(setting_lines()).dump(2) + "\n";
  return shown(setting_lines(), format);
}

}  // namespace fdbench
