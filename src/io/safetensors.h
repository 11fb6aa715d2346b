// The safetensors file format: 8 bytes header length, JSON header, raw little-endian tensors.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/file_mapping.h"

namespace fdbench {

/// A safetensors file, memory-mapped. The header is checked whole on opening (length, JSON, dtypes,
/// shapes, offsets inside the file, no holes, no overlaps); a damaged file is a runtime error that
/// names the file and the tensor.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  /// Names in the file, sorted.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const { return tensors_.count(name) != 0; }
  /// The tensor as stored, without a copy: a read-only view that keeps the mapping alive. Throws
  /// when there is none.
  at::Tensor tensor(const std::string& name) const;
  /// Reads a tensor into `out` (contiguous, on the CPU, as many numbers) and converts it to out's
  /// dtype; see FileMapping::read_numbers. Throws when there is none of that name.
  void read(const std::string& name, at::Tensor& out) const;
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  struct Entry {
    at::ScalarType dtype;
    std::vector<std::int64_t> shape;
    /// [bytes] from the start of the file.
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  const Entry& entry(const std::string& name) const;

  std::filesystem::path path_;
  std::shared_ptr<const FileMapping> mapping_;
  std::map<std::string, Entry> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes tensors (any device, made contiguous) to a new file, renamed into place when complete.
void save_safetensors(const std::filesystem::path& path,
                      const std::map<std::string, at::Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata = {});

}  // namespace fdbench
