#include "results/run_fields.h"

#include <type_traits>
#include <vector>

namespace fdbench {
namespace {

template <typename T>
constexpr ColumnType column_type() {
  if (std::is_same_v<T, std::string>) return ColumnType::kText;
  if (std::is_same_v<T, std::int64_t>) return ColumnType::kInt;
  return std::is_same_v<T, bool> ? ColumnType::kBool : ColumnType::kReal;
}

}  // namespace

std::string column_type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kText:
      return "text";
    case ColumnType::kInt:
      return "int64";
    case ColumnType::kReal:
      return "float64";
    case ColumnType::kBool:
      return "bool";
  }
  return "";
}

FieldValue RunField::value(const RunRecord& record) const {
  return std::visit([&record](auto pointer) { return FieldValue(record.*pointer); }, member);
}

void RunField::set(RunRecord& record, const FieldValue& value) const {
  std::visit(
      [&](auto pointer) {
        using T = std::remove_reference_t<decltype(record.*pointer)>;
        if (const T* same = std::get_if<T>(&value)) record.*pointer = *same;
      },
      member);
}

std::span<const RunField> run_fields() {
#define FDBENCH_DESCRIBE(type, name, initial, unit, display, heading, help) \
  RunField{{#name, column_type<type>(), unit, help}, Display::display, heading, &RunRecord::name},
  static const std::vector<RunField> fields = {FDBENCH_RUN_FIELDS(FDBENCH_DESCRIBE)};
#undef FDBENCH_DESCRIBE
  return fields;
}

RecordTable to_table(std::span<const RunRecord> records) {
  RecordTable table;
  for (const RunField& field : run_fields()) table.columns.push_back(field.column);
  for (const RunRecord& record : records) {
    std::vector<FieldValue>& row = table.rows.emplace_back();
    for (const RunField& field : run_fields()) row.push_back(field.value(record));
  }
  return table;
}

std::vector<RunRecord> run_records(const RecordTable& table) {
  std::vector<RunRecord> records(table.rows.size());
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    for (const RunField& field : run_fields()) {
      if (field.column.name != table.columns[c].name) continue;
      for (std::size_t r = 0; r < records.size(); ++r) field.set(records[r], table.rows[r][c]);
    }
  }
  return records;
}

}  // namespace fdbench
