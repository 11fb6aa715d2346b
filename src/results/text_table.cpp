#include "results/text_table.h"

#include <algorithm>

namespace fdbench {

std::string aligned_table(const TextLines& lines) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t c = 0; c < line.size(); ++c) {
      row += line[c] + std::string(widths[c] - line[c].size() + 2, ' ');
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string markdown_table(const TextLines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& cell : lines[i]) text += "| " + cell + " ";
    text += "|\n";
    if (i > 0) continue;
    for (std::size_t c = 0; c < lines[0].size(); ++c) text += "|---";
    text += "|\n";
  }
  return text;
}

}  // namespace fdbench
