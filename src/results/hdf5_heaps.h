// A look at the parts of an HDF5 file that libhdf5 trusts although a damaged file can send it
// astray there.
#pragma once

#include <filesystem>
#include <string_view>

namespace fdbench {

/// Global heaps hold texts of variable length. libhdf5 (1.10) walks through one by the sizes that
/// stand in it, and never ends where such a size is 0 (format specification 3, III.E). bytes: of
/// the whole file. Throws a runtime error that names the path for a file that has such a heap.
void check_global_heaps(std::string_view bytes, const std::filesystem::path& path);

}  // namespace fdbench
