// Strict reading of a config tree: every value is asked for by name and type, and nothing may be
// left over.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "config/config_tree.h"
#include "core/plain_scalar.h"

namespace fdbench {

/// A value with the key path that leads to it ("runs.2.key_steps"). All faults are usage errors
/// with line and column.
class ConfigValue {
 public:
  ConfigValue(const ConfigTree& tree, std::string path) : tree_(&tree), path_(std::move(path)) {}

  const Place& place() const { return tree_->place; }
  const std::string& path() const { return path_; }
  bool is_list() const { return tree_->kind == ConfigTree::Kind::kList; }
  bool is_map() const { return tree_->kind == ConfigTree::Kind::kMap; }
  bool is_scalar() const { return tree_->kind == ConfigTree::Kind::kScalar; }
  const ConfigTree& tree() const { return *tree_; }

  /// Text, not empty.
  std::string text() const;
  /// Numbers and truths are those of core/plain_scalar.h; in quotes they are texts.
  /// A whole number in [low, high].
  std::int64_t integer(std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
  /// A finite number, at least `low`.
  double number(double low = std::numeric_limits<double>::lowest()) const;
  /// A share above 0 and below 1: 0.01, or 1%.
  double share() const;
  /// true or false.
  bool truth() const;
  /// One of the words; the nearest one is proposed.
  std::string choice(const std::vector<std::string>& words) const;
  /// The items of a list that is not empty.
  std::vector<ConfigValue> list() const;
  std::vector<int> integers() const;

  /// A usage error at this place.
  Error error(const std::string& message) const;

 private:
  const std::string& scalar(const std::string& wanted) const;
  /// Of a scalar without quotes.
  const std::string& plain(const std::string& wanted) const;
  template <typename Value>
  Value checked(const PlainScalar<Value>& scalar) const;

  const ConfigTree* tree_;
  std::string path_;
};

/// A map of which each known key is asked for once; `finish` names a key that nobody asked for.
class ConfigMap {
 public:
  /// Throws when the value is no map.
  explicit ConfigMap(const ConfigValue& value);

  bool has(const std::string& key);
  /// Throws when the key is missing.
  ConfigValue at(const std::string& key);
  /// Keys that nobody has asked for yet, with their values: of maps that take any key.
  std::vector<std::pair<std::string, ConfigValue>> rest();
  /// Throws for a key that nobody asked for.
  void finish() const;
  const ConfigValue& value() const { return value_; }

 private:
  ConfigValue value_;
  std::vector<std::string> known_;
};

/// Runs an action; a usage error in it is given the place when it has none of its own.
template <typename Action>
auto at_place(const ConfigValue& value, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (error.place().file == value.place().file) throw;
    throw error.seen_from(value.place());
  }
}

}  // namespace fdbench
