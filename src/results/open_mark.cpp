#include "results/open_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

// Places in the superblock (HDF5 File Format Specification 3.0, II.A): its version, and the file
// consistency flags of versions 0 and 1, of 2 and 3.
constexpr std::size_t kVersion = 8, kOldFlags = 20, kNewFlags = 11;
constexpr unsigned kWriteAccess = 1, kSwmr = 4;

std::size_t place_of_flags(std::string_view bytes) {
  return bytes[kVersion] < 2 ? kOldFlags : kNewFlags;
}

/// HDF5 itself looks at no lock then.
bool ignores_locks() {
  const char* value = std::getenv("HDF5_USE_FILE_LOCKING");
  return value != nullptr && (std::string_view(value) == "FALSE" || std::string_view(value) == "0");
}

}  // namespace

bool is_marked_open(std::string_view bytes) {
  if (bytes.size() <= kOldFlags || !bytes.starts_with("\x89HDF")) return false;
  const auto flags = static_cast<unsigned char>(bytes[place_of_flags(bytes)]);
  return (flags & (kWriteAccess | kSwmr)) != 0;
}

Wholeness wholeness_without_mark(std::string_view what, std::string_view bytes) {
  std::string closed(bytes);
  closed[place_of_flags(bytes)] = '\0';
  return wholeness(what, closed);
}

std::string left_open_text(const std::string& path) {
  return "was opened for writing by a program that did not close it; `h5clear -s " + path +
         "` (Debian's hdf5-tools) takes HDF5's mark away";
}

void check_is_unlocked(const std::filesystem::path& path) {
  if (ignores_locks()) return;
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  // Told by whoever reads it.
  if (descriptor < 0) return;
  const bool held = ::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(descriptor);
  if (held) {
    throw runtime_error(Place{path.string()},
                        "another program has it open for writing: close it there (a notebook, "
                        "h5py, HDFView) and try again");
  }
}

}  // namespace fdbench
