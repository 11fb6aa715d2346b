#include "io/shipped_path.h"

#include "core/error.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// `path` in `folder` or the nearest folder above that has it; empty when none has.
fs::path upwards(fs::path folder, const fs::path& path) {
  std::error_code ignored;
  while (!folder.empty()) {
    if (fs::exists(folder / path, ignored)) return folder / path;
    if (folder == folder.parent_path()) break;
    folder = folder.parent_path();
  }
  return {};
}

}  // namespace

fs::path shipped_path(const fs::path& path) {
  std::error_code ignored;
  fs::path found = upwards(fs::current_path(ignored), path);
  if (found.empty())
    found = upwards(fs::read_symlink("/proc/self/exe", ignored).parent_path(), path);
  if (!found.empty()) return found;
  throw runtime_error(
      {path.string()},
      "is neither above the current folder nor above the program; it belongs to fdbench");
}

}  // namespace fdbench
