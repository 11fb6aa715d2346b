// A checksum behind the end of an HDF5 file. HDF5 readers ignore what follows the end that the
// header names, so the file stays readable with any of them; programs that change the file cut it
// off.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace fdbench {

/// "\nfdbench WHAT checksum HASH\n" of the bytes. what: "unit", "result".
std::string checksum_line(std::string_view what, std::string_view bytes);

/// Length of such a line [bytes].
std::size_t checksum_line_size(std::string_view what);

enum class Wholeness {
  /// The checksum fits the rest.
  kWhole,
  /// It does not.
  kDamaged,
  /// There is none: an older file, or one that another program has changed.
  kUnknown,
};

/// Of bytes that may end with a checksum line.
Wholeness wholeness(std::string_view what, std::string_view bytes);

/// Appends the line to a file that is closed. Throws a runtime error when it cannot be written.
void append_checksum(const std::filesystem::path& path, std::string_view what);

}  // namespace fdbench
