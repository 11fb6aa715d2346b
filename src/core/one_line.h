// Text that must stand on one line of a terminal or a table.
#pragma once

#include <algorithm>
#include <string>

namespace fdbench {

/// The text with each line break replaced by a space.
inline std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::replace(text.begin(), text.end(), '\r', ' ');
  return text;
}

}  // namespace fdbench
