#include "config/strategy_config.h"

#include <algorithm>
#include <map>

#include "config/key_step_config.h"
#include "config/option_config.h"

namespace fdbench {
namespace {

constexpr const char* kKeySteps = "key_steps";

std::string quoted(const std::string& key) { return "'" + key + "'"; }

/// The options of one run, with the values that say where each was given.
class OptionKeys {
 public:
  OptionKeys(ConfigMap& map, const Strategy& strategy) : map_(map), strategy_(strategy) {}

  /// Throws for a key of another strategy, or for the name of one.
  void refuse_foreign_keys() {
    for (const Strategy& other : strategies()) {
      if (other.name == strategy_.name || other.options.empty()) continue;
      refuse_key(other.name, {other.name});
      for (const Option& option : other.options) {
        refuse_key(option.name, owners_of_option(option.name));
      }
    }
  }

  OptionSet read(int num_steps) {
    read_from(map_, num_steps);
    if (map_.has(strategy_.name)) {
      ConfigMap own(map_.at(strategy_.name));
      read_from(own, num_steps);
      own.finish();
    }
    check_together();
    return given_;
  }

  /// Throws unless one of those that the strategy needs was given.
  void check_needs() {
    std::vector<std::string> needed = strategy_.needs_one_of;
    if (strategy_.key_steps == KeyStepUse::kNeeded) needed.emplace_back(kKeySteps);
    if (needed.empty()) return;
    std::string text;
    for (const std::string& name : needed) {
      if (map_.has(name) || given_.has(name)) return;
      text += (text.empty() ? "" : " or ") + described(name);
    }
    throw map_.value().error("the strategy " + strategy_.name + " needs " + text);
  }

  /// Runs an action; its fault about an option is given the option's place.
  template <typename Action>
  void at_option(const Action& action) {
    try {
      action();
    } catch (const Error& error) {
      const auto place = places_.find(error.key());
      throw error.seen_from(place == places_.end() ? map_.value().place() : place->second);
    }
  }

 private:
  void refuse_key(const std::string& key, const std::vector<std::string>& owners) {
    const bool is_own = std::find(owners.begin(), owners.end(), strategy_.name) != owners.end();
    if (is_own || !map_.has(key)) return;
    std::string text;
    for (const std::string& owner : owners) text += (text.empty() ? "" : " or ") + owner;
    throw map_.at(key).error(quoted(key) + " belongs to the strategy " + text);
  }

  void read_from(ConfigMap& map, int num_steps) {
    for (const Option& option : strategy_.options) {
      if (!map.has(option.name)) continue;
      const ConfigValue value = map.at(option.name);
      if (given_.has(option.name)) {
        throw value.error(quoted(value.path()) + " and " + quoted(option.name) +
                          " are the same: give one");
      }
      given_.set(option.name, read_option(value, option, num_steps));
      places_[option.name] = value.place();
    }
  }

  void check_together() {
    const auto clash = first_clash(strategy_.options, given_, map_.has(kKeySteps));
    if (!clash) return;
    const std::string& name = clash->option->name;
    // Throws: the key is missing.
    if (clash->kind == OptionClash::Kind::kMissing) map_.at(name);
    const std::string other = clash->kind == OptionClash::Kind::kExclusive
                                  ? quoted(clash->other)
                                  : clash->other + " " + clash->word;
    throw usage_error(places_.at(name), quoted(name) + " does not go with " + other);
  }

  /// "'blocks' (key steps)".
  std::string described(const std::string& name) const {
    for (const Option& option : strategy_.options) {
      if (option.name == name && !option.noun.empty()) {
        return quoted(name) + " (" + option.noun + ")";
      }
    }
    return name;
  }

  ConfigMap& map_;
  const Strategy& strategy_;
  OptionSet given_;
  std::map<std::string, Place> places_;
};

/// -> their label, "" where none are given.
std::string read_given_key_steps(ConfigMap& map, const Strategy& strategy, StrategyOptions& options,
                                 int num_steps, Variant variant) {
  if (!map.has(kKeySteps)) return "";
  const ConfigValue value = map.at(kKeySteps);
  if (strategy.key_steps == KeyStepUse::kNone) {
    throw value.error("the strategy " + strategy.name + " " + strategy.without_key_steps);
  }
  NamedKeySteps named = read_key_steps(value, num_steps);
  const std::string theirs = authors_preset(named.label);
  if (variant == Variant::kAuthors && theirs != named.label) {
    named = {preset_key_steps(theirs, num_steps), theirs};
  }
  options.key_steps = std::move(named.key_steps);
  return named.label;
}

}  // namespace

std::string read_strategy(ConfigMap& map, StrategyOptions& options, int num_steps,
                          Variant variant) {
  const Strategy& strategy = find_strategy(options.name);
  OptionKeys keys(map, strategy);
  keys.refuse_foreign_keys();
  options.options = keys.read(num_steps);
  const std::string key_label = read_given_key_steps(map, strategy, options, num_steps, variant);
  keys.check_needs();
  keys.at_option([&] { make_key_steps(options, num_steps); });
  return strategy_label(options, key_label);
}

}  // namespace fdbench
