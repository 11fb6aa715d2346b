// A config file as a tree that knows where each part stands, so that faults can name line and
// column.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"

namespace fdbench {

/// A YAML value: nothing, a scalar, a list or a map. Scalars stay text until somebody asks for a
/// type.
struct ConfigTree {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  std::string scalar;
  /// A quoted scalar is text, whatever it looks like.
  bool quoted = false;
  /// Of a list.
  std::vector<ConfigTree> items;
  /// Of a map, in the order of the file.
  std::vector<Entry> entries;
  Place place;

  /// The value of a key of a map, or nullptr.
  const ConfigTree* find(const std::string& key) const;
};

struct ConfigTree::Entry {
  std::string key;
  /// Of the key.
  Place place;
  ConfigTree value;
};

/// "a map", "a list", "text", "nothing".
std::string kind_name(const ConfigTree& tree);

/// Parses YAML strictly: other encodings than UTF-8 (`utf8_text`), tabs in the indentation, a key
/// given twice, a second document, tags beyond YAML's own and keys that are no plain text are usage
/// errors with line and column. Anchors, aliases and the merge key `<<` are fine. file: for
/// messages.
ConfigTree parse_config(const std::string& bytes, const std::string& file);

/// Parses YAML that stands on the command line; faults name it by `name` ("--key-steps").
ConfigTree parse_argument(const std::string& text, const std::string& name);

/// Reads and parses a file. Throws a usage error when it is missing, no plain file, or empty.
ConfigTree read_config(const std::filesystem::path& path);

/// Applies "a.b=c" (lists by index: "runs.0.strategy=drop"). A new key may be set in a map that is
/// there; every part of the path before it must exist. The value is YAML.
void set_config_value(ConfigTree& tree, const std::string& assignment);

/// The tree as YAML.
std::string config_text(const ConfigTree& tree);

}  // namespace fdbench
