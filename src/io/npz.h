// NumPy's .npy and .npz files: arrays by name, without pickled objects.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/file_mapping.h"
#include "io/zip_archive.h"

namespace fdbench {

using NamedArrays = std::map<std::string, at::Tensor>;

/// An .npz file (stored or deflated), or an .npy file as one array named "arr_0". Arrays are read
/// one by one: what nobody asks for may be anything.
class NpzFile {
 public:
  /// By content, whatever the name. Throws a usage error where the file is missing or of another
  /// kind (of PyTorch's pickles with what to do), a runtime error for a damaged directory.
  explicit NpzFile(const std::filesystem::path& path);
  ~NpzFile();
  NpzFile(NpzFile&&) noexcept;

  const std::filesystem::path& path() const { return path_; }
  /// Of the arrays, in the order of the file.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const;
  /// Numbers: float16/32/64, integers and bool, in either order of bytes, in C or Fortran order
  /// (the result is contiguous); unsigned 16, 32 and 64 bits become int32, int64 and int64. Sizes
  /// are checked against the file before memory is taken. Throws a runtime error that names file
  /// and array where it is damaged or holds something else (an object array is never unpickled).
  at::Tensor read(const std::string& name) const;
  /// From the array's header. Throws as `read` does.
  std::vector<std::int64_t> shape(const std::string& name) const;

 private:
  std::filesystem::path path_;
  /// Of an .npy file.
  std::unique_ptr<FileMapping> single_;
  /// Else
  std::optional<ZipArchive> archive_;
};

/// All arrays of the file. Throws what NpzFile throws.
NamedArrays load_npz(const std::filesystem::path& path);

/// Writes an .npz file that numpy.load reads, not compressed. Throws a runtime error where it
/// cannot be written or is larger than 4 GB.
void save_npz(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace fdbench
