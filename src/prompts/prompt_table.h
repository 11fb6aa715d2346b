// Prompts in a column of a CSV or TSV file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "prompts/prompt_list.h"

namespace fdbench {

struct TableRow {
  /// Where it begins, counted from 1.
  int line = 0;
  std::vector<std::string> cells;
};

/// Rows of a table after RFC 4180 (cells in quotes may hold the delimiter, line breaks and quotes
/// written twice), without the blank ones at its end. Between tabs a quote that does not close
/// before the next tab is an ordinary letter, as spreadsheets write them. Throws a usage error for
/// a quote that is never closed.
std::vector<TableRow> table_rows(const std::string& text, char delimiter, const std::string& file);

/// The delimiter (tab, comma, semicolon) that gives the first line several columns, one of them of
/// prompts (`is_caption_key`); without one the tab of a .tsv, else nothing.
std::optional<char> table_delimiter(const std::string& text, const std::string& file);

/// The column of prompts, with the names in a column 'file_name' and the control pictures in a
/// column 'control'. Throws a usage error where there
/// is no such column or more than one, and for a row with more cells than the header or without a
/// prompt.
PromptList prompts_of_table(const std::string& text, char delimiter, const std::string& file);

}  // namespace fdbench
