// What a strategy says of an option of its own, and the values of such options. Config, command
// line, names of runs, settings, records and documents follow from it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/error.h"
#include "plan/key_steps.h"
#include "plan/plan_grid.h"

namespace fdbench {

/// Key steps by selector: a part ("encoder"), a block ("up_blocks.1") or a layer name.
using KeyStepsByPart = std::map<std::string, KeySteps>;

/// In the order of OptionType.
using OptionValue = std::variant<int, double, bool, std::string, KeyStepsByPart, GridLines>;

enum class OptionType { kWhole, kReal, kTruth, kChoice, kKeyStepsByPart, kGrid };

/// True for a type that holds more than one number or word.
bool is_structured(OptionType type);

/// An option of a strategy. Made with designated initialisers; only name, type and help are a must.
struct Option {
  /// A choice that another option must have.
  struct Condition {
    std::string option, word;
  };

  /// Key of a config.
  std::string name;
  OptionType type = OptionType::kWhole;
  std::string help;
  /// Without one the option may be left out and stands for nothing, or another one stands for it.
  std::optional<OptionValue> initial = {};
  /// Of numbers, both ends included.
  double low = 0, high = 100'000;
  /// Of a choice.
  std::vector<std::string> words = {};
  /// On the command line; as a rule the name with dashes, "" for none.
  std::optional<std::string> flag = {};
  /// Key steps are made of it, so it excludes `key_steps`, and settings hold the key steps alone.
  bool makes_key_steps = false;
  /// Options that exclude it.
  std::vector<std::string> not_with = {};
  /// It is asked for, and allowed, only there.
  std::optional<Condition> only_with = {};
  /// In names of runs ("branch" in "branch_2"); as a rule the name.
  std::optional<std::string> label = {};
  /// Named in a run's name even where it has its initial value.
  bool is_always_named = false;
  /// Column of /runs that holds it besides `strategy_options`; "" for none.
  std::string column = {};
  /// What it holds, for messages: "key steps".
  std::string noun = {};

  /// "--cache-branch"; "" for none.
  std::string flag_name() const;
};

/// Values by the names of options.
class OptionSet {
 public:
  OptionSet() = default;
  OptionSet(std::initializer_list<std::pair<const std::string, OptionValue>> values)
      : values_(values) {}

  bool has(const std::string& name) const { return values_.count(name) > 0; }
  bool empty() const { return values_.empty(); }
  void set(const std::string& name, OptionValue value) { values_[name] = std::move(value); }
  /// Throws std::out_of_range for a name without a value, std::bad_variant_access for another type:
  /// faults of the program.
  template <typename Type>
  const Type& get(const std::string& name) const {
    return std::get<Type>(values_.at(name));
  }
  /// Nothing where there is no value.
  template <typename Type>
  std::optional<Type> find(const std::string& name) const {
    return has(name) ? std::optional<Type>(get<Type>(name)) : std::nullopt;
  }
  const OptionValue& at(const std::string& name) const { return values_.at(name); }
  /// All values, to be changed in place.
  std::map<std::string, OptionValue>& values() { return values_; }
  const std::map<std::string, OptionValue>& values() const { return values_; }
  bool operator==(const OptionSet&) const = default;

 private:
  std::map<std::string, OptionValue> values_;
};

/// The values with the initial ones of all options that have none. Throws a usage error for a name
/// that is not among the options and for a value of another type.
OptionSet with_initial_values(OptionSet values, std::span<const Option> options);

/// The values that differ from the initial ones or are always named: "threshold_0.1/branch_3".
std::string options_label(const OptionSet& values, std::span<const Option> options);

/// A number or a word as a user writes it: "2", "0.05", "true", "uniform". Not for structured
/// values.
std::string plain_text(const OptionValue& value);

/// "whole number, at least 1", "number, 1 to 10", "uniform or non_uniform".
std::string range_text(const Option& option);

/// What was given does not fit together.
struct OptionClash {
  enum class Kind {
    /// `option` and `other` were both given.
    kExclusive,
    /// `option` was given, but `other`, on which it depends, is `word`
    kCondition,
    /// `option` was not given, but `other` asks for it.
    kMissing,
  };
  Kind kind;
  const Option* option;
  std::string other, word = {};
};

/// The first one in the order of the options. given: without initial values.
std::optional<OptionClash> first_clash(std::span<const Option> options, const OptionSet& given,
                                       bool has_key_steps);

}  // namespace fdbench
