#include "cli/declared_tables.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/feature_config.h"
#include "config/judge_config.h"
#include "config/noise_injection_config.h"
#include "config/picture_config.h"
#include "config/run_config.h"
#include "config/tome_config.h"
#include "plan/strategies.h"
#include "results/settings.h"
#include "results/text_table.h"
#include "samplers/sampler.h"

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

/// "ddim, pndm"; of more than half "all but ddim, pndm".
std::string samplers_text(const std::vector<std::string>& samplers) {
  std::vector<std::string> others;
  for (const std::string& name : sampler_names()) {
    const bool has_it = std::find(samplers.begin(), samplers.end(), name) != samplers.end();
    if (!has_it) others.push_back(name);
  }
  const bool is_short = samplers.size() <= others.size();
  std::string text;
  for (const std::string& name : is_short ? samplers : others) {
    text += (text.empty() ? "" : ", ") + name;
  }
  if (is_short) return text;
  return text.empty() ? "all" : "all but " + text;
}

/// Options that are alike are one line with all of their samplers.
TextLines sampler_lines() {
  TextLines lines;
  std::vector<std::vector<std::string>> samplers;
  for (const std::string& sampler : sampler_names()) {
    for (const SamplerOption& option : sampler_options(sampler)) {
      const std::string initial =
          option.initial.is_string() ? option.initial.get<std::string>() : option.initial.dump();
      const auto is_alike = [&](const std::vector<std::string>& line) {
        return line[0] == option.name && line[1] == option.value && line[2] == initial;
      };
      const auto line = std::find_if(lines.begin(), lines.end(), is_alike) - lines.begin();
      if (line == std::ssize(lines)) {
        lines.push_back({option.name, option.value, initial, "", option.help});
        samplers.emplace_back();
      }
      samplers[static_cast<std::size_t>(line)].push_back(sampler);
    }
  }
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i][3] = samplers_text(samplers[i]);
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a[0] < b[0]; });
  lines.insert(lines.begin(), {"option", "value", "default", "samplers", "meaning"});
  return lines;
}

void add_keys(TextLines& lines, const std::string& map, const std::vector<KeyInfo>& keys) {
  for (const KeyInfo& key : keys) {
    lines.push_back({map + "." + key.name, key.value, key.initial, key.help});
  }
}

TextLines rule_lines() {
  TextLines lines = {{"key", "value", "default", "meaning"}};
  add_keys(lines, "features", feature_keys());
  add_keys(lines, "pictures", picture_keys());
  add_keys(lines, "noise_injection", noise_injection_keys());
  add_keys(lines, "tome", tome_keys());
  add_keys(lines, "savings", savings_keys());
  return lines;
}

TextLines judge_lines() {
  TextLines lines = {{"key", "value", "default", "meaning"}};
  add_keys(lines, "judges", judge_keys());
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

std::string table(const TextLines& lines, const std::string& format) {
  if (format == "json") return objects_of(lines).dump(2) + "\n";
  return format == "md" ? markdown_table(lines) : aligned_table(lines);
}

}  // namespace

std::string strategies_text(const std::string& format) {
  if (format == "json") {
    const nlohmann::ordered_json json = {{"strategies", objects_of(strategy_lines())},
                                         {"options", objects_of(option_lines())}};
    return json.dump(2) + "\n";
  }
  return table(strategy_lines(), format) + "\n" + table(option_lines(), format);
}

std::string samplers_table(const std::string& format) { return table(sampler_lines(), format); }
std::string rules_table(const std::string& format) { return table(rule_lines(), format); }
std::string judges_table(const std::string& format) { return table(judge_lines(), format); }
std::string settings_table(const std::string& format) { return table(setting_lines(), format); }

}  // namespace fdbench
