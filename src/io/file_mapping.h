// A whole file in memory, read-only, without a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace fdbench {

/// Throws a usage error when the file is missing or no plain file, a runtime error when it cannot
/// be mapped.
class FileMapping {
 public:
  explicit FileMapping(const std::filesystem::path& path);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(data_); }
  std::size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;  // [bytes]
};

}  // namespace fdbench
