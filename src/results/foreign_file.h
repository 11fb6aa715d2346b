// What stands under the name of a result file: HDF5, or something else.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace fdbench {

/// What a file is by its first bytes: "a PNG picture", "a pointer of Git LFS (...)"; "" for bytes
/// that tell nothing. beginning: at least 512 bytes where the file has as many.
std::string kind_of_bytes(std::string_view beginning);

/// Throws a usage error that says what it is for a file that is no HDF5 file.
void check_is_hdf5(const std::filesystem::path& path);

}  // namespace fdbench
