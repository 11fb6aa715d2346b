// Strict reading of a JSON file that fdbench itself wrote: typed values by key path, and nothing
// left over.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"

namespace fdbench {

/// A value and the path that leads to it ("runs.encoder.fid"). All faults are usage errors that
/// name file, path and remedy.
class JsonValue {
 public:
  using Json = nlohmann::ordered_json;

  /// remedy: ends every message.
  JsonValue(const Json& json, const Place& place, const std::string& remedy)
      : json_(&json), place_(&place), remedy_(&remedy) {}

  const Json& json() const { return *json_; }
  const std::string& path() const { return path_; }

  /// Throws when this is no object or has a key that is not among `keys`.
  void check_keys(const std::vector<std::string>& keys) const;
  bool has(const std::string& key) const { return json_->contains(key); }
  /// Throws when the key is missing.
  JsonValue at(const std::string& key) const;
  /// All values of an object by key; throws when this is none, or is empty.
  std::vector<std::pair<std::string, JsonValue>> members() const;

  /// A finite number.
  double number() const;
  /// The same, or the text "inf" for infinity.
  double number_or_infinity() const;
  bool truth() const;
  std::string text() const;
  /// The items of a list that is not empty.
  std::vector<JsonValue> items() const;

  [[noreturn]] void fail(const std::string& message) const;

 private:
  const Json* json_;
  const Place* place_;
  const std::string* remedy_;
  std::string path_;
};

}  // namespace fdbench
