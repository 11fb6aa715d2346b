#include "cli/strategy_options.h"

#include <algorithm>

#include "cli/plain_options.h"
#include "config/key_step_config.h"
#include "config/option_config.h"
#include "core/error.h"
#include "core/word_list.h"

namespace fdbench {
namespace {

constexpr const char* kDefaultKeySteps = "non_uniform_IV";
constexpr const char* kKeySteps = "key_steps";
constexpr const char* kKeyStepFlag = "--key-steps";

/// What a flag stands for: options of the same flag of different strategies.
struct FlagUse {
  std::string flag, help, type_name, owners;
};

std::string type_name_of(OptionType type) {
  switch (type) {
    case OptionType::kWhole:
      return "INT";
    case OptionType::kReal:
      return "NUMBER";
    default:
      return "TEXT";
  }
}

std::string help_of(const Strategy& strategy, const Option& option) {
  std::string help = strategy.name + ": " + option.help;
  if (option.initial && !is_structured(option.type)) {
    help += " (default: " + plain_text(*option.initial) + ")";
  }
  return help;
}

/// All flags in the order of the table.
std::vector<FlagUse> flag_uses() {
  std::vector<FlagUse> uses;
  for (const Strategy& strategy : strategies()) {
    for (const Option& option : strategy.options) {
      const std::string flag = option.flag_name();
      if (flag.empty()) continue;
      const auto known = std::find_if(uses.begin(), uses.end(),
                                      [&](const FlagUse& use) { return use.flag == flag; });
      if (known == uses.end()) {
        uses.push_back({flag, help_of(strategy, option), type_name_of(option.type), strategy.name});
        continue;
      }
      known->help += "; " + help_of(strategy, option);
      known->owners += " or " + strategy.name;
    }
  }
  return uses;
}

/// "--cache-interval", "--key-steps".
std::string flag_of(const std::string& name, const Strategy& strategy) {
  if (name == kKeySteps) return kKeyStepFlag;
  const auto found = std::find_if(strategy.options.begin(), strategy.options.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == strategy.options.end() ? name : found->flag_name();
}

void refuse_foreign_flags(const Strategy& strategy, const StrategyChoice& choice) {
  for (const FlagUse& use : flag_uses()) {
    const bool is_own =
        std::any_of(strategy.options.begin(), strategy.options.end(),
                    [&](const Option& option) { return option.flag_name() == use.flag; });
    if (is_own || choice.options.count(use.flag) == 0) continue;
    throw usage_error(use.flag + " belongs to --strategy " + use.owners);
  }
}

/// The values that were given, and the choices without a flag that others of them stand for.
OptionSet read_options(const Strategy& strategy, const StrategyChoice& choice, int num_steps) {
  OptionSet values;
  for (const Option& option : strategy.options) {
    const auto text = choice.options.find(option.flag_name());
    if (text == choice.options.end()) continue;
    values.set(option.name, option_of_text(text->second, option, num_steps));
    if (!option.only_with) continue;
    if (!flag_of(option.only_with->option, strategy).empty()) continue;
    values.set(option.only_with->option, option.only_with->word);
  }
  return values;
}

/// "--cache-center and --cache-pow": options that are asked for by the same choice of another one.
std::string companions(const Strategy& strategy, const Option::Condition& condition) {
  std::string text;
  for (const Option& option : strategy.options) {
    const bool is_asked = option.only_with && option.only_with->option == condition.option &&
                          option.only_with->word == condition.word;
    if (is_asked) text += (text.empty() ? "" : " and ") + option.flag_name();
  }
  return text;
}

void check_together(const Strategy& strategy, const OptionSet& given, bool has_key_steps) {
  const auto clash = first_clash(strategy.options, given, has_key_steps);
  if (!clash) return;
  const std::string flag = clash->option->flag_name();
  switch (clash->kind) {
    case OptionClash::Kind::kExclusive:
      throw usage_error(flag_of(clash->other, strategy) + " does not go with " + flag +
                        ": give one");
    case OptionClash::Kind::kCondition:
      throw usage_error(flag + " does not go with " + flag_of(clash->other, strategy) + " " +
                        clash->word);
    case OptionClash::Kind::kMissing:
      throw usage_error(companions(strategy, *clash->option->only_with) + " go together");
  }
}

void check_needs(const Strategy& strategy, const OptionSet& given, bool has_key_steps) {
  if (strategy.needs_one_of.empty()) return;
  std::string text;
  for (const std::string& name : strategy.needs_one_of) {
    if (given.has(name) || (name == kKeySteps && has_key_steps)) return;
    text += (text.empty() ? "" : " or ") + flag_of(name, strategy);
  }
  throw usage_error("strategy '" + strategy.name + "' needs " + text);
}

/// The first strategy that takes key steps, to be proposed.
std::string keyed_strategy() {
  for (const Strategy& strategy : strategies()) {
    if (strategy.key_steps == KeyStepUse::kNeeded) return strategy.name;
  }
  return "";
}

void read_key_steps_of(const Strategy& strategy, const StrategyChoice& choice,
                       StrategyOptions& options, int num_steps) {
  std::string text = choice.key_steps;
  if (strategy.key_steps == KeyStepUse::kNone && !text.empty()) {
    throw usage_error(std::string(kKeyStepFlag) + ": strategy '" + strategy.name + "' " +
                      strategy.without_key_steps +
                      (strategy.is_plain ? "; add --strategy " + keyed_strategy() : ""));
  }
  if (strategy.key_steps == KeyStepUse::kNeeded && text.empty()) text = kDefaultKeySteps;
  if (!text.empty()) options.key_steps = key_steps_option(text, num_steps).key_steps;
}

}  // namespace

void add_options(CLI::App& command, StrategyChoice& choice) {
  command
      .add_option(kKeyStepFlag, choice.key_steps,
                  "Steps at which everything is computed, counted downward (50,49,48), "
                  "uniform:K, fraction:START-END:MAX_RUN, all, a preset (default: the paper's "
                  "non_uniform_IV), or a list or map as in a config")
      ->check(is_text());
  command.add_option(
      "--reuse", choice.reuse,
      "What a reused output is: hold (the last computed one), or a forecast from the "
      "last ones, linear or taylor2 (default: hold)");
  for (const FlagUse& use : flag_uses()) {
    command
        .add_option_function<std::string>(
            use.flag,
            [&choice, flag = use.flag](const std::string& text) { choice.options[flag] = text; },
            use.help)
        ->check(is_text())
        ->type_name(use.type_name);
  }
}

std::string listed_strategies() { return words_text(strategy_names()); }

StrategyOptions strategy_options(const std::string& name, const StrategyChoice& choice,
                                 int num_steps) {
  const Strategy& strategy = find_strategy(name);
  StrategyOptions options;
  options.name = name;
  if (!choice.reuse.empty()) options.reuse = parse_reuse(choice.reuse);
  refuse_foreign_flags(strategy, choice);
  options.options = read_options(strategy, choice, num_steps);
  const bool has_key_steps = !choice.key_steps.empty();
  check_together(strategy, options.options, has_key_steps);
  check_needs(strategy, options.options, has_key_steps);
  read_key_steps_of(strategy, choice, options, num_steps);
  make_key_steps(options, num_steps);
  return options;
}

std::string run_name_of(const StrategyOptions& strategy, const StrategyChoice& choice) {
  const auto num_steps = static_cast<int>(strategy.key_steps.size());
  const std::string key_label =
      choice.key_steps.empty() ? "" : key_steps_option(choice.key_steps, num_steps).label;
  std::string name = strategy.name;
  for (const std::string& part : {strategy_label(strategy, key_label), choice.reuse}) {
    if (!part.empty()) name += "/" + part;
  }
  return name;
}

}  // namespace fdbench
