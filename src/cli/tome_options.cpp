#include "cli/tome_options.h"

#include <string>

#include "cli/plain_options.h"
#include "config/tome_config.h"

namespace fdbench {

namespace {

constexpr std::int64_t kMost = 1'000'000;

/// --tome-ratio as `tome:` of a config takes it, maps aside.
double ratio_of(const std::string& text) {
  const ConfigTree tree = parse_argument(text, "--tome-ratio");
  const ConfigValue value(tree, "--tome-ratio");
  value.number();
  return read_tome(value, {}).ratio;
}

std::string help_of(const TomeOption& option) {
  return "Token merging: " + (option.flag_help.empty() ? option.help : option.flag_help);
}

CLI::Option* add(CLI::App& command, const TomeOption& option, std::int64_t& target) {
  return add_whole_number(command, option.flag, target, help_of(option), 1, kMost)
      ->capture_default_str();
}

CLI::Option* add(CLI::App& command, const TomeOption& option, bool& target) {
  const bool other = !target;
  return command.add_flag_callback(
      option.flag, [&target, other] { target = other; }, help_of(option));
}

}  // namespace

void add_tome_options(CLI::App& command, TokenMerging& merging) {
  CLI::Option* ratio = add_plain_option(
      command, "--tome-ratio", merging.ratio,
      "Token merging: share of a feature map's tokens that others take in (default: 0, off)",
      ratio_of);
  for (const TomeOption& option : tome_options()) {
    std::visit([&](auto member) { add(command, option, merging.*member)->needs(ratio); },
               option.member);
  }
}

}  // namespace fdbench
