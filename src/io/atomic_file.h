// A file that appears under its name only when it is complete.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace fdbench {

/// Writes to a temporary file beside `path`; `commit` renames it into place. Without a commit the
/// temporary file goes and `path` stays as it was. A device such as /dev/stdout is written
/// directly. All faults are one line with the path and the system's reason: usage errors where the
/// folder does not exist, else runtime errors (no right to write, disk full).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t size);
  /// Flushes to the disk (fsync) and renames.
  void commit();

 private:
  [[noreturn]] void fail(const std::string& doing) const;

  std::filesystem::path path_;
  /// Empty: `path_` is written directly.
  std::string temporary_;
  int descriptor_ = -1;
};

}  // namespace fdbench
