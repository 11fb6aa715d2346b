// Files that come with the program.
#pragma once

#include <filesystem>

namespace fdbench {

/// `path` ("models/architectures", say) in the current folder or one above it, else in the
/// program's folder or one above it. Throws a runtime error when it is in none of them.
std::filesystem::path shipped_path(const std::filesystem::path& path);

}  // namespace fdbench
