// Lines of cells as text; the first line is the heading.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

using TextLines = std::vector<std::vector<std::string>>;

/// Columns padded with spaces, no spaces at the ends of lines; line breaks in cells become spaces.
/// All lines have as many cells as the first.
std::string aligned_table(const TextLines& lines);
/// A table in Markdown; bars and line breaks in cells do not end them.
std::string markdown_table(const TextLines& lines);
/// A cell of CSV (RFC 4180): quoted where needed.
std::string csv_cell(const std::string& text);

}  // namespace fdbench
