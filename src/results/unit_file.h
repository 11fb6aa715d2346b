// The file of one complete work unit: named arrays in HDF5 with a checksum behind them.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace fdbench {

using Arrays = std::map<std::string, at::Tensor>;

/// Writes a unit: HDF5 made in memory, then a line with the checksum of its bytes, then fsync and
/// rename. A fault is one line that names the path, and leaves nothing behind.
void write_unit(const std::filesystem::path& path, const Arrays& arrays);

/// True when the bytes of a unit file are whole: its checksum fits the rest.
bool unit_complete_bytes(std::string_view bytes);

/// True when the file is there whole: its checksum fits its bytes.
bool unit_complete(const std::filesystem::path& path);

/// The same; a file that is there and damaged is a note: it is computed again.
bool unit_usable(const std::filesystem::path& path);

/// Throws a runtime error when the file is missing or damaged.
Arrays read_unit(const std::filesystem::path& path);

/// Makes the contents of a file last through a loss of power. Throws a runtime error.
void sync_file(const std::filesystem::path& path);

/// Makes a renamed, new or removed entry of the folder last through a loss of power.
void sync_folder(const std::filesystem::path& folder);

}  // namespace fdbench
