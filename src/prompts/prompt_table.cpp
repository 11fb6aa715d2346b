#include "prompts/prompt_table.h"

#include <algorithm>

#include "core/notes.h"
#include "io/text_file.h"

namespace fdbench {
namespace {

/// Takes cells from a text, one after the other.
class CellReader {
 public:
  CellReader(const std::string& text, char delimiter, const std::string& file)
      : text_(text), delimiter_(delimiter), file_(file) {}

  bool at_end() const { return at_ >= text_.size(); }

  TableRow row() {
    TableRow row{line_, {}};
    do {
      row.cells.push_back(cell());
    } while (take(delimiter_));
    if (take('\n')) ++line_;
    return row;
  }

 private:
  bool take(char letter) {
    if (at_end() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }

  bool ends_cell(std::size_t at) const {
    return at >= text_.size() || text_[at] == delimiter_ || text_[at] == '\n';
  }

  /// The place behind the closing quote of the cell that begins here; npos where it has none.
  std::size_t quoted_end() const {
    for (std::size_t at = at_ + 1; at < text_.size(); ++at) {
      if (delimiter_ == '\t' && text_[at] == '\n') break;
      if (text_[at] != '"') continue;
      const bool twice = at + 1 < text_.size() && text_[at + 1] == '"';
      if (!twice) return at + 1;
      ++at;
    }
    return std::string::npos;
  }

  std::string cell() {
    if (at_end() || text_[at_] != '"') return plain_cell();
    const std::size_t end = quoted_end();
    const bool closes = end != std::string::npos && ends_cell(end);
    if (!closes && delimiter_ == '\t') return plain_cell();
    if (!closes) {
      throw usage_error(Place{file_, line_}, "a cell in quotes that does not end with its quote");
    }
    const std::string inner = text_.substr(at_ + 1, end - at_ - 2);
    at_ = end;
    line_ += static_cast<int>(std::count(inner.begin(), inner.end(), '\n'));
    std::string cell;
    for (std::size_t i = 0; i < inner.size(); ++i) {
      cell += inner[i];
      if (inner[i] == '"') ++i;
    }
    return cell;
  }

  std::string plain_cell() {
    const std::size_t begin = at_;
    while (!ends_cell(at_)) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  const std::string& text_;
  char delimiter_;
  const std::string& file_;
  std::size_t at_ = 0;
  int line_ = 1;
};

bool is_blank_row(const TableRow& row) {
  return std::all_of(row.cells.begin(), row.cells.end(),
                     [](const std::string& cell) { return is_blank(cell); });
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text;
}

struct Columns {
  std::size_t caption = 0;
  std::optional<std::size_t> file_name, control;
};

Columns columns_of(const TableRow& header, const Place& place) {
  std::vector<std::string> captions;
  Columns columns;
  for (std::size_t i = 0; i < header.cells.size(); ++i) {
    if (header.cells[i] == "file_name") columns.file_name = i;
    if (header.cells[i] == "control") columns.control = i;
    if (!is_caption_key(header.cells[i])) continue;
    columns.caption = i;
    captions.push_back(header.cells[i]);
  }
  if (captions.size() == 1) return columns;
  if (captions.empty()) {
    throw usage_error(place, "has no column named prompt, caption or text; its first line is " +
                                 listed(header.cells));
  }
  throw usage_error(place, "has " + std::to_string(captions.size()) + " columns of prompts, " +
                               listed(captions) + ": leave one");
}

}  // namespace

std::vector<TableRow> table_rows(const std::string& text, char delimiter, const std::string& file) {
  CellReader reader(text, delimiter, file);
  std::vector<TableRow> rows;
  while (!reader.at_end()) rows.push_back(reader.row());
  while (!rows.empty() && is_blank_row(rows.back())) rows.pop_back();
  return rows;
}

std::optional<char> table_delimiter(const std::string& text, const std::string& file) {
  const std::string first = text.substr(0, text.find('\n'));
  for (const char delimiter : {'\t', ',', ';'}) {
    if (std::count(first.begin(), first.end(), '"') % 2 != 0) continue;
    const std::vector<TableRow> rows = table_rows(first, delimiter, file);
    if (rows.empty()) continue;
    const std::vector<std::string>& cells = rows.front().cells;
    const bool has_column = std::any_of(cells.begin(), cells.end(), is_caption_key);
    if (has_column && cells.size() > 1) return delimiter;
  }
  return file.ends_with(".tsv") ? std::optional<char>('\t') : std::nullopt;
}

PromptList prompts_of_table(const std::string& text, char delimiter, const std::string& file) {
  const std::vector<TableRow> rows = table_rows(text, delimiter, file);
  if (rows.empty()) throw usage_error(Place{file}, "holds no prompt");
  const TableRow& header = rows.front();
  const Columns columns = columns_of(header, Place{file, header.line});
  PromptCollector prompts;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const TableRow& row = rows[i];
    const Place place{file, row.line};
    if (row.cells.size() > header.cells.size()) {
      throw usage_error(place, "has " + std::to_string(row.cells.size()) +
                                   " cells, the first line names " +
                                   std::to_string(header.cells.size()) +
                                   " columns; a prompt with the delimiter in it stands in quotes");
    }
    const auto cell = [&](std::size_t column) {
      return column < row.cells.size() ? row.cells[column] : "";
    };
    Prompt prompt{cell(columns.caption), columns.file_name ? cell(*columns.file_name) : "", {}};
    const std::string control = columns.control ? cell(*columns.control) : "";
    if (!is_blank(control)) {
      prompt.control = {std::filesystem::path(file).parent_path() / control};
    }
    if (is_blank(prompt.caption)) {
      throw usage_error(place, "has no prompt; the empty prompt is \"\" in a JSON or YAML list");
    }
    prompts.add(std::move(prompt), place, "this row");
  }
  PromptList list = prompts.finish(Place{file});
  say_note(Place{file}, "a table: " + std::to_string(list.captions.size()) +
                            " prompts of its column '" + header.cells[columns.caption] + "'");
  return list;
}

}  // namespace fdbench
