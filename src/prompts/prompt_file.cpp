#include "prompts/prompt_file.h"

#include <algorithm>

#include "io/json_text.h"
#include "io/text_file.h"
#include "prompts/prompt_json.h"
#include "prompts/prompt_table.h"

namespace fdbench {
namespace {

enum class Form { kJson, kJsonLines, kTable, kLines };

/// Also of what is nested so deeply that its reader will refuse it.
bool is_json(const std::string& text) {
  if (nested_too_deeply(text)) return true;
  try {
    parse_json(text);
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

/// The first line, of a text whose first letter is no white space.
std::string first_line(const std::string& text, std::size_t begin) {
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// By the content; the ending decides only where a text could be two things.
Form form_of(const std::string& text, const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  const bool named_table = ending == ".csv" || ending == ".tsv";
  const bool named_lines = ending == ".jsonl" || ending == ".ndjson";
  const bool named_json = ending == ".json" || named_lines;
  if (named_table) return Form::kTable;
  const std::size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string::npos) return Form::kLines;
  const char first = text[begin];
  if (first == '{' || first == '[') {
    if (is_json(text)) return Form::kJson;
    if (named_lines || (first == '{' && is_json(first_line(text, begin)))) return Form::kJsonLines;
    return named_json ? Form::kJson : Form::kLines;
  }
  if (named_json && first == '"' && is_json(first_line(text, begin))) return Form::kJsonLines;
  if (named_json) return named_lines ? Form::kJsonLines : Form::kJson;
  const std::string header = first_line(text, begin);
  const bool has_tab = header.find('\t') != std::string::npos;
  return has_tab && table_delimiter(header, path.string()) == '\t' ? Form::kTable : Form::kLines;
}

PromptList prompts_of_lines(const std::string& text, const std::string& file) {
  PromptCollector prompts;
  for (const TextLine& line : text_lines(text)) {
    const Place place{file, line.number};
    if (is_blank(line.text)) {
      throw usage_error(place,
                        "a blank line between prompts: take it out, or write the empty prompt as "
                        "\"\" in a JSON or YAML list");
    }
    prompts.add({line.text, "", nullptr, {}}, place, "this line");
  }
  return prompts.finish(Place{file});
}

}  // namespace

PromptList prompts_of_text(const std::string& text, const std::filesystem::path& path) {
  const std::string file = path.string();
  switch (form_of(text, path)) {
    case Form::kJson:
      return prompts_of_json(parse_ordered_json(text, file), file);
    case Form::kJsonLines:
      return prompts_of_json_lines(text, file);
    case Form::kTable:
      return prompts_of_table(text, table_delimiter(text, file).value_or(','), file);
    case Form::kLines:
      break;
  }
  return prompts_of_lines(text, file);
}

PromptList prompts_of_file(const std::filesystem::path& path) {
  return prompts_of_text(read_text(path, "prompt file"), path);
}

std::vector<std::string> captions_of_file(const std::filesystem::path& path) {
  return prompts_of_file(path).captions;
}

}  // namespace fdbench
