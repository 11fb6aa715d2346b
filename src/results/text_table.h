// Lines of cells as text; the first line is the heading.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

using TextLines = std::vector<std::vector<std::string>>;

/// Columns padded with spaces, no spaces at the ends of lines. All lines have as many cells as the
/// first.
std::string aligned_table(const TextLines& lines);
/// A table in Markdown.
std::string markdown_table(const TextLines& lines);

}  // namespace fdbench
