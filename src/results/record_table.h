// A table of named columns with text, whole numbers, real numbers or truth values: what an HDF5
// compound dataset holds.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace fdbench {

/// The alternatives stand in the order of ColumnType.
using FieldValue = std::variant<std::string, std::int64_t, double, bool>;
enum class ColumnType { kText, kInt, kReal, kBool };

/// "text", "int64", "float64", "bool".
std::string column_type_name(ColumnType type);

struct Column {
  std::string name;
  ColumnType type;
  /// "" for pure numbers and text.
  std::string unit;
  std::string help;
};

struct RecordTable {
  std::vector<Column> columns;
  /// Each as long as `columns`
  std::vector<std::vector<FieldValue>> rows;
};

}  // namespace fdbench
