// The members of a ZIP file, as far as NumPy writes them: stored or deflated, also beyond 4 GB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fdbench {

struct ZipMember {
  std::string name;
  std::string bytes;
};

/// All members in the order of the archive. Throws a usage error where the file is missing, a
/// runtime error where it is no ZIP file, damaged (a checksum that differs, too) or encrypted.
std::vector<ZipMember> read_zip(const std::filesystem::path& path);

/// Writes members one after the other, stored. Throws a runtime error beyond 4 GB.
void write_zip(const std::filesystem::path& path, const std::vector<ZipMember>& members);

}  // namespace fdbench
