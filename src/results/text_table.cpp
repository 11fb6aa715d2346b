#include "results/text_table.h"

#include <algorithm>

#include "core/one_line.h"

namespace fdbench {
namespace {

/// Characters of UTF-8 text: all bytes but those that go on with one.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
  }));
}

/// A cell of Markdown: what would end it or begin a tag is escaped.
std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char letter : one_line(text)) {
    if (letter == '|' || letter == '\\') cell += '\\';
    cell += letter == '<' ? std::string("&lt;") : std::string(1, letter);
  }
  return cell;
}

}  // namespace

std::string aligned_table(const TextLines& lines) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      widths[c] = std::max(widths[c], width_of(line[c]));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t c = 0; c < line.size(); ++c) {
      row += one_line(line[c]) + std::string(widths[c] - width_of(line[c]) + 2, ' ');
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string markdown_table(const TextLines& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& cell : lines[i]) text += "| " + markdown_cell(cell) + " ";
    text += "|\n";
    if (i > 0) continue;
    for (std::size_t c = 0; c < lines[0].size(); ++c) text += "| --- ";
    text += "|\n";
  }
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted.append(letter == '"' ? 2 : 1, letter);
  return quoted + "\"";
}

}  // namespace fdbench
