// How many documents a YAML text holds.
#pragma once

#include <yaml-cpp/mark.h>

#include <optional>
#include <string>

namespace fdbench {

/// Where the second document of the text begins; nothing where there is none, or the first is
/// empty. Reads no further than that: yaml-cpp 0.7 itself finds documents without an end in a text
/// such as
/// ",a" (YAML::LoadAll fills the memory). Throws YAML::Exception.
std::optional<YAML::Mark> second_yaml_document(const std::string& text);

}  // namespace fdbench
