#include "config/config_tree.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <iterator>

#include "config/yaml_documents.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

Place place_of(const YAML::Mark& mark, const std::string& file) {
  if (mark.is_null()) return Place{file};
  return Place{file, mark.line + 1, mark.column + 1};
}

void refuse_tabs(const std::string& text, const std::string& file) {
  int line = 1, column = 1;
  bool indentation = true;
  for (const char letter : text) {
    if (letter == '\t' && indentation) {
      throw usage_error(Place{file, line, column}, "a tab; YAML is indented with spaces only");
    }
    ++column;
    if (letter == '\n') {
      ++line;
      column = 1;
      indentation = true;
    } else if (letter != ' ') {
      indentation = false;
    }
  }
}

/// Whether a scalar of this tag is a text whatever it looks like: it stands in quotes ("!"), or
/// behind !!str. Throws a usage error for a tag that YAML's core schema does not have.
bool is_text_tag(const std::string& tag, const Place& place) {
  const std::string core = "tag:yaml.org,2002:";
  if (tag == "!" || tag == core + "str") return true;
  const bool known =
      tag.empty() || tag == "?" ||
      (tag.starts_with(core) &&
       std::string(" int float bool null map seq ").find(" " + tag.substr(core.size()) + " ") !=
           std::string::npos);
  if (known) return false;
  throw usage_error(place, "the tag '" + tag + "' is not known; take it out");
}

/// Makes the tree. An alias may stand for its own parent, and aliases of aliases for any number of
/// values, hence the limits.
class Converter {
 public:
  explicit Converter(std::string file) : file_(std::move(file)) {}

  ConfigTree convert(const YAML::Node& node, int depth = 0) {
    ConfigTree tree;
    tree.place = place_of(node.Mark(), file_);
    if (depth > kDeepest) throw usage_error(tree.place, "nested too deeply, or without an end");
    if (++num_values_ > kMostValues) throw usage_error(tree.place, "too many values");
    const bool is_text = is_text_tag(node.Tag(), tree.place);
    if (node.IsScalar()) {
      tree.kind = ConfigTree::Kind::kScalar;
      tree.scalar = node.Scalar();
      tree.quoted = is_text;
    } else if (node.IsSequence()) {
      tree.kind = ConfigTree::Kind::kList;
      for (const YAML::Node& item : node) tree.items.push_back(convert(item, depth + 1));
    } else if (node.IsMap()) {
      tree.kind = ConfigTree::Kind::kMap;
      convert_map(node, depth, tree);
    }
    return tree;
  }

 private:
  void convert_map(const YAML::Node& node, int depth, ConfigTree& tree) {
    // Of `<<`
    ConfigTree merged;
    for (const auto& pair : node) {
      const Place place = place_of(pair.first.Mark(), file_);
      if (!pair.first.IsScalar()) throw usage_error(place, "a key must be plain text");
      const std::string& key = pair.first.Scalar();
      const bool merges = key == "<<" && pair.first.Tag() != "!";
      refuse_twice(merges ? merged : tree, key, place);
      ConfigTree& target = merges ? merged : tree;
      target.entries.push_back({key, place, convert(pair.second, depth + 1)});
    }
    for (const ConfigTree::Entry& entry : merged.entries) merge(entry, tree);
  }

  static void refuse_twice(const ConfigTree& map, const std::string& key, const Place& place) {
    for (const ConfigTree::Entry& entry : map.entries) {
      if (entry.key != key) continue;
      throw usage_error(place, "the key '" + key + "' is given twice, first in line " +
                                   std::to_string(entry.place.line));
    }
  }

  /// `<<: *map` or `<<: [*map, *other]`: keys that are not there yet; of several maps the first one
  /// that has a key gives it.
  static void merge(const ConfigTree::Entry& from, ConfigTree& tree) {
    const bool is_list = from.value.kind == ConfigTree::Kind::kList;
    const std::vector<ConfigTree> one = {from.value};
    for (const ConfigTree& map : is_list ? from.value.items : one) {
      if (map.kind != ConfigTree::Kind::kMap) {
        throw usage_error(from.place,
                          "'<<' takes the keys of a map, or of a list of maps (<<: "
                          "*name), not of " +
                              kind_name(map));
      }
      for (const ConfigTree::Entry& entry : map.entries) {
        if (tree.find(entry.key) == nullptr) tree.entries.push_back(entry);
      }
    }
  }

  static constexpr int kDeepest = 64;
  static constexpr int kMostValues = 200'000;
  std::string file_;
  int num_values_ = 0;
};

void emit(YAML::Emitter& out, const ConfigTree& tree) {
  switch (tree.kind) {
    case ConfigTree::Kind::kNull:
      out << YAML::Null;
      break;
    case ConfigTree::Kind::kScalar:
      if (tree.quoted) out << YAML::DoubleQuoted;
      out << tree.scalar;
      break;
    case ConfigTree::Kind::kList:
      out << YAML::BeginSeq;
      for (const ConfigTree& item : tree.items) emit(out, item);
      out << YAML::EndSeq;
      break;
    case ConfigTree::Kind::kMap:
      out << YAML::BeginMap;
      for (const ConfigTree::Entry& entry : tree.entries) {
        out << YAML::Key << entry.key << YAML::Value;
        emit(out, entry.value);
      }
      out << YAML::EndMap;
      break;
  }
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts(1);
  for (const char letter : path) {
    if (letter == '.') {
      parts.emplace_back();
    } else {
      parts.back() += letter;
    }
  }
  return parts;
}

std::vector<std::string> keys(const ConfigTree& map) {
  std::vector<std::string> names;
  for (const ConfigTree::Entry& entry : map.entries) names.push_back(entry.key);
  return names;
}

ConfigTree& list_item(ConfigTree& list, const std::string& part, const Place& place) {
  std::size_t index = 0;
  const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (fault != std::errc() || end != part.data() + part.size() || index >= list.items.size()) {
    throw usage_error(place, "'" + part + "' is not an index of a list of " +
                                 std::to_string(list.items.size()) + " (the first is 0)");
  }
  return list.items[index];
}

/// One step down; `last` may be a new key.
ConfigTree& child(ConfigTree& tree, const std::string& part, bool last, const Place& place) {
  if (tree.kind == ConfigTree::Kind::kList) return list_item(tree, part, place);
  if (tree.kind != ConfigTree::Kind::kMap) {
    throw usage_error(place,
                      "there is nothing below " + kind_name(tree) + " to set '" + part + "' in");
  }
  for (ConfigTree::Entry& entry : tree.entries) {
    if (entry.key == part) return entry.value;
  }
  if (!last) throw usage_error(place, "there is no key '" + part + "'" + advice(part, keys(tree)));
  return tree.entries.emplace_back(ConfigTree::Entry{part, place, {}}).value;
}

/// Everything set on the command line is reported as standing there.
void move_to(ConfigTree& tree, const Place& place) {
  tree.place = place;
  for (ConfigTree& item : tree.items) move_to(item, place);
  for (ConfigTree::Entry& entry : tree.entries) {
    entry.place = place;
    move_to(entry.value, place);
  }
}

}  // namespace

const ConfigTree* ConfigTree::find(const std::string& key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string kind_name(const ConfigTree& tree) {
  switch (tree.kind) {
    case ConfigTree::Kind::kNull:
      return "nothing";
    case ConfigTree::Kind::kScalar:
      return "'" + tree.scalar + "'";
    case ConfigTree::Kind::kList:
      return "a list";
    case ConfigTree::Kind::kMap:
      return "a map";
  }
  return "";
}

ConfigTree parse_config(const std::string& bytes, const std::string& file) {
  const std::string text = utf8_text(bytes, file);
  refuse_tabs(text, file);
  try {
    if (const auto second = second_yaml_document(text)) {
      throw usage_error(place_of(*second, file),
                        "a second YAML document ('---'); a config file holds one");
    }
    const YAML::Node document = YAML::Load(text);
    return document.IsNull() ? ConfigTree{} : Converter(file).convert(document);
  } catch (const YAML::Exception& error) {
    throw usage_error(place_of(error.mark, file), "not valid YAML: " + error.msg);
  }
}

ConfigTree parse_argument(const std::string& text, const std::string& name) {
  ConfigTree tree = parse_config(text, name);
  move_to(tree, Place{name});
  return tree;
}

ConfigTree read_config(const std::filesystem::path& path) {
  ConfigTree tree = parse_config(read_text(path, "config file"), path.string());
  if (tree.kind == ConfigTree::Kind::kNull) {
    throw usage_error(Place{path.string()}, "the config file is empty");
  }
  return tree;
}

void set_config_value(ConfigTree& tree, const std::string& assignment) {
  const Place place{"--set " + assignment};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw usage_error(place, "write it as key=value, such as --set timing.rounds=4");
  }
  const std::vector<std::string> parts = split_path(assignment.substr(0, equals));
  ConfigTree* target = &tree;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    target = &child(*target, parts[i], i + 1 == parts.size(), place);
  }
  *target = parse_argument(assignment.substr(equals + 1), place.file);
}

std::string config_text(const ConfigTree& tree) {
  YAML::Emitter out;
  emit(out, tree);
  return std::string(out.c_str()) + "\n";
}

}  // namespace fdbench
