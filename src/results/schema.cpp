#include "results/schema.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "results/datasets.h"
#include "results/result_reader.h"
#include "results/run_fields.h"

namespace fdbench {
namespace {

using Lines = std::vector<std::vector<std::string>>;

Lines field_lines() {
  Lines lines = {{"field of /runs", "type", "unit", "meaning"}};
  for (const RunField& field : run_fields()) {
    const Column& column = field.column;
    lines.push_back({column.name, column_type_name(column.type), column.unit, column.help});
  }
  return lines;
}

/// "R, P, S, B".
std::string axes_text(const std::string& axes) {
  std::string text;
  for (const char axis : axes) text.append(text.empty() ? "" : ", ").append(1, axis);
  return text;
}

Lines dataset_lines() {
  Lines lines = {{"dataset", "axes", "type", "unit", "meaning"}};
  for (const DatasetInfo& info : datasets()) {
    lines.push_back(
        {info.name, axes_text(info.axes), numpy_dtype(info.dtype), info.unit, info.help});
  }
  return lines;
}

std::string aligned(const Lines& lines) {
  std::vector<std::size_t> widths(lines[0].size(), 0);
  for (const auto& line : lines) {
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t c = 0; c + 1 < line.size(); ++c) {
      text += line[c] + std::string(widths[c] - line[c].size() + 2, ' ');
    }
    text += line.back() + "\n";
  }
  return text;
}

std::string markdown(const Lines& lines) {
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

std::string json_text() {
  nlohmann::ordered_json json = {{"format", kFormatName}, {"schema_version", kSchemaVersion}};
  for (const RunField& field : run_fields()) {
    json["runs"].push_back({{"name", field.column.name},
                            {"type", column_type_name(field.column.type)},
                            {"unit", field.column.unit},
                            {"help", field.column.help}});
  }
  for (const DatasetInfo& info : datasets()) {
    json["datasets"].push_back({{"name", info.name},
                                {"axes", info.axes},
                                {"type", numpy_dtype(info.dtype)},
                                {"unit", info.unit},
                                {"help", info.help}});
  }
  return json.dump(2) + "\n";
}

}  // namespace

std::vector<std::string> schema_formats() { return {"table", "json", "md"}; }

std::string schema_text(const std::string& format) {
  if (format == "json") return json_text();
  if (format == "table") return aligned(field_lines()) + "\n" + aligned(dataset_lines());
  if (format == "md") return markdown(field_lines()) + "\n" + markdown(dataset_lines());
  throw usage_error("format '" + format + "' is not known" + advice(format, schema_formats()));
}

}  // namespace fdbench
