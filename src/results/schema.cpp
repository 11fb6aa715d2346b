#include "results/schema.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "results/datasets.h"
#include "results/result_reader.h"
#include "results/run_fields.h"
#include "results/text_table.h"

namespace fdbench {
namespace {

TextLines field_lines() {
  TextLines lines = {{"field of /runs", "type", "unit", "meaning"}};
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

TextLines dataset_lines() {
  TextLines lines = {{"dataset", "axes", "type", "unit", "meaning"}};
  for (const DatasetInfo& info : datasets()) {
    lines.push_back(
        {info.name, axes_text(info.axes), numpy_dtype(info.dtype), info.unit, info.help});
  }
  return lines;
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
  if (format == "table")
    return aligned_table(field_lines()) + "\n" + aligned_table(dataset_lines());
  if (format == "md") return markdown_table(field_lines()) + "\n" + markdown_table(dataset_lines());
  throw usage_error("format '" + format + "' is not known" + advice(format, schema_formats()));
}

}  // namespace fdbench
