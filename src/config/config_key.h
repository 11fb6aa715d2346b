// Keys of a map in a config that are declared as rows of a table: reading, documents and
// `fdbench schema` go by the rows.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "config/config_reader.h"

namespace fdbench {

/// What a key says of itself.
struct KeyInfo {
  std::string name;
  /// Which values it takes: "true or false".
  std::string value;
  /// As it would be written; "" where there is none.
  std::string initial;
  std::string help;
};

/// A key whose value goes into a target.
template <typename Target>
struct ConfigKey {
  KeyInfo info;
  void (*read)(const ConfigValue& value, Target& target);
};

/// Reads what the map has of the keys, in their order.
template <typename Target>
void read_keys(ConfigMap& map, std::span<const ConfigKey<Target>> keys, Target& target) {
  for (const ConfigKey<Target>& key : keys) {
    if (map.has(key.info.name)) key.read(map.at(key.info.name), target);
  }
}

template <typename Target>
std::vector<KeyInfo> infos_of(std::span<const ConfigKey<Target>> keys) {
  std::vector<KeyInfo> infos;
  for (const ConfigKey<Target>& key : keys) infos.push_back(key.info);
  return infos;
}

/// Adds the keys of a map within the map: "pca.steps".
inline void add_nested(std::vector<KeyInfo>& infos, const std::string& map,
                       std::vector<KeyInfo> of_map) {
  for (KeyInfo& info : of_map) {
    info.name = map + "." + info.name;
    infos.push_back(std::move(info));
  }
}

}  // namespace fdbench
