// NumPy's .npy and .npz files: arrays by name, without pickled objects.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>

namespace fdbench {

using NamedArrays = std::map<std::string, at::Tensor>;

/// All arrays of an .npz file (stored or deflated), or the one of an .npy file under the name
/// "arr_0". Numbers: float16/32/64, int8/16/32/64, uint8, bool, little-endian, in C or Fortran
/// order (the result is contiguous). Sizes are checked against the file before memory is taken.
/// Throws a usage error where the file is missing, a runtime error that names file and array where
/// it is damaged or holds something else (an object array is never unpickled).
NamedArrays load_npz(const std::filesystem::path& path);

/// Writes an .npz file that numpy.load reads, not compressed. Throws a runtime error where it
/// cannot be written or is larger than 4 GB.
void save_npz(const std::filesystem::path& path, const NamedArrays& arrays);

}  // namespace fdbench
