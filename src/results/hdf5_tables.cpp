// Hdf5File: compound datasets.
#include <algorithm>
#include <cstring>

#include "results/hdf5.h"

namespace fdbench {
namespace {

constexpr std::size_t kMostRows = 10'000'000, kMostRowBytes = 1 << 24;

/// A row in memory: each column at its offset.
struct RowLayout {
  std::vector<Hdf5Handle> types;
  std::vector<std::size_t> offsets, sizes;
  std::size_t row_size = 0;

  void add(Hdf5Handle type) {
    offsets.push_back(row_size);
    sizes.push_back(H5Tget_size(type));
    row_size += sizes.back();
    types.push_back(std::move(type));
  }
};

/// As h5py stores truth values.
Hdf5Handle bool_type() {
  Hdf5Handle type(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
  for (const std::int8_t value : {0, 1}) H5Tenum_insert(type, value ? "TRUE" : "FALSE", &value);
  return type;
}

Hdf5Handle fixed_text_type(std::size_t size) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, std::max<std::size_t>(size, 1));
  H5Tset_strpad(type, H5T_STR_NULLPAD);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

std::size_t longest_text(const RecordTable& table, std::size_t column) {
  std::size_t longest = 0;
  for (const auto& row : table.rows) {
    longest = std::max(longest, std::get<std::string>(row[column]).size());
  }
  return longest;
}

Hdf5Handle value_type(ColumnType type, std::size_t text_size) {
  switch (type) {
    case ColumnType::kText:
      return fixed_text_type(text_size);
    case ColumnType::kInt:
      return {H5Tcopy(H5T_NATIVE_INT64), H5Tclose};
    case ColumnType::kReal:
      return {H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose};
    case ColumnType::kBool:
      return bool_type();
  }
  return {};
}

Hdf5Handle compound_type(const RowLayout& layout, const std::vector<Column>& columns) {
  Hdf5Handle type(H5Tcreate(H5T_COMPOUND, layout.row_size), H5Tclose);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    H5Tinsert(type, columns[c].name.c_str(), layout.offsets[c], layout.types[c]);
  }
  return type;
}

void store(const FieldValue& value, char* at) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    std::memcpy(at, text->data(), text->size());
  } else if (const auto* whole = std::get_if<std::int64_t>(&value)) {
    std::memcpy(at, whole, sizeof *whole);
  } else if (const auto* real = std::get_if<double>(&value)) {
    std::memcpy(at, real, sizeof *real);
  } else {
    *at = std::get<bool>(value) ? 1 : 0;
  }
}

FieldValue load(ColumnType type, const char* at, std::size_t size) {
  if (type == ColumnType::kText) return std::string(at, strnlen(at, size));
  if (type == ColumnType::kBool) return *at != 0;
  if (type == ColumnType::kReal) {
    double real = 0;
    std::memcpy(&real, at, sizeof real);
    return real;
  }
  std::int64_t whole = 0;
  std::memcpy(&whole, at, sizeof whole);
  return whole;
}

/// Type of a stored column; false for one that a RecordTable cannot hold.
bool column_type_of(hid_t type, ColumnType& result) {
  switch (H5Tget_class(type)) {
    case H5T_STRING:
      result = ColumnType::kText;
      return H5Tis_variable_str(type) == 0;
    case H5T_INTEGER:
      result = ColumnType::kInt;
      return true;
    case H5T_FLOAT:
      result = ColumnType::kReal;
      return true;
    case H5T_ENUM:
      result = ColumnType::kBool;
      return true;
    default:
      return false;
  }
}

std::vector<std::string> texts(const std::vector<Column>& columns, std::string Column::*member) {
  std::vector<std::string> result;
  for (const Column& column : columns) result.push_back(column.*member);
  return result;
}

}  // namespace

void Hdf5File::write_table(const std::string& name, const RecordTable& table) {
  RowLayout layout;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const ColumnType type = table.columns[c].type;
    layout.add(value_type(type, type == ColumnType::kText ? longest_text(table, c) : 0));
  }
  std::vector<char> bytes(layout.row_size * table.rows.size(), 0);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      store(table.rows[r][c], bytes.data() + r * layout.row_size + layout.offsets[c]);
    }
  }
  const Hdf5Handle type = compound_type(layout, table.columns);
  const hsize_t count = table.rows.size();
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Handle dataset(
      H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose);
  if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
    fail("table " + name + " cannot be written");
  }
  set_attribute(name, "units", texts(table.columns, &Column::unit));
  set_attribute(name, "help", texts(table.columns, &Column::help));
}

void Hdf5File::write_names(const std::string& name, const std::vector<std::string>& names) {
  std::size_t size = 1;
  for (const std::string& text : names) size = std::max(size, text.size());
  std::vector<char> bytes(size * names.size(), 0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::memcpy(bytes.data() + i * size, names[i].data(), names[i].size());
  }
  const Hdf5Handle type = fixed_text_type(size);
  const hsize_t count = names.size();
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
  H5Pset_create_intermediate_group(links, 1);
  const Hdf5Handle dataset(
      H5Dcreate2(file_, name.c_str(), type, space, links, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  if (dataset < 0 || H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
    fail("dataset " + name + " cannot be written");
  }
}

RecordTable Hdf5File::read_table(const std::string& name) const {
  const Hdf5Handle dataset = open_dataset(name);
  const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
  if (H5Tget_class(stored) != H5T_COMPOUND) fail(name + " is not a table");
  RecordTable table;
  RowLayout layout;
  for (int m = 0; m < H5Tget_nmembers(stored); ++m) {
    const Hdf5Handle member(H5Tget_member_type(stored, static_cast<unsigned>(m)), H5Tclose);
    ColumnType type{};
    if (!column_type_of(member, type)) continue;
    char* member_name = H5Tget_member_name(stored, static_cast<unsigned>(m));
    if (member_name == nullptr) fail("table " + name + " has a column without a name");
    table.columns.push_back({member_name, type, "", ""});
    H5free_memory(member_name);
    layout.add(value_type(type, H5Tget_size(member)));
  }
  const std::vector<hsize_t> shape = checked_shape(name, dataset, layout.row_size);
  const std::size_t count = shape.size() == 1 ? shape[0] : 0;
  if (shape.size() != 1 || count > kMostRows || layout.row_size > kMostRowBytes) {
    fail(name + " is not a table of at most " + std::to_string(kMostRows) + " rows");
  }
  std::vector<char> bytes(layout.row_size * count);
  const Hdf5Handle type = compound_type(layout, table.columns);
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) {
    fail("table " + name + " cannot be read");
  }
  for (std::size_t r = 0; r < count; ++r) {
    std::vector<FieldValue>& row = table.rows.emplace_back();
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      row.push_back(load(table.columns[c].type,
                         bytes.data() + r * layout.row_size + layout.offsets[c], layout.sizes[c]));
    }
  }
  return table;
}

}  // namespace fdbench
