// A whole file in memory, read-only, without a copy; or parts of it copied and converted.
#pragma once

#include <ATen/ATen.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

/// Throws a usage error when the file is missing, no plain file or one that only stands for another
/// (io/stand_in.h), a runtime error when it cannot be mapped.
class FileMapping {
 public:
  explicit FileMapping(const std::filesystem::path& path);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  const std::uint8_t* data() const { return static_cast<const std::uint8_t*>(data_); }
  std::size_t size() const { return size_; }

  /// Numbers of dtype `stored` from `offset` [bytes] on -> all of `out` (contiguous, on the CPU),
  /// converted to its dtype. All threads read, piece by piece and beside the mapping, so that no
  /// page of the file stays in this process's memory. Throws a runtime error when the file cannot
  /// be read or has become shorter meanwhile.
  void read_numbers(std::size_t offset, at::ScalarType stored, at::Tensor& out) const;

 private:
  void close();
  void read(std::size_t offset, void* out, std::size_t size) const;

  std::string path_;
  int descriptor_ = -1;
  void* data_ = nullptr;
  /// [bytes]
  std::size_t size_ = 0;
};

/// Hash of the contents of several files, in this order. Throws as FileMapping does.
std::string hash_of_files(const std::vector<std::filesystem::path>& paths);

}  // namespace fdbench
