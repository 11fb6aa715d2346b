// The members of a ZIP file, as far as NumPy writes them: stored or deflated, also beyond 4 GB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fdbench {

struct ZipMember {
  std::string name;
  std::string bytes;
};

/// A ZIP file of which members are read one by one: what nobody asks for may be anything.
class ZipArchive {
 public:
  /// Reads the directory. Throws a usage error where the file is missing, a runtime error where it
  /// is no ZIP file or its directory is damaged.
  explicit ZipArchive(const std::filesystem::path& path);
  ~ZipArchive();
  ZipArchive(ZipArchive&&) noexcept;

  /// In the order of the archive.
  std::vector<std::string> names() const;
  /// Throws a runtime error for a member that is not there, damaged (a checksum that differs, too)
  /// or encrypted.
  std::string read(const std::string& name) const;
  /// The first `count` bytes, fewer where there are no more; the checksum is not looked at.
  std::string first_bytes(const std::string& name, std::uint64_t count) const;

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

/// Writes members one after the other, stored. Throws a runtime error beyond 4 GB.
void write_zip(const std::filesystem::path& path, const std::vector<ZipMember>& members);

}  // namespace fdbench
