#include "io/file_mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace fdbench {

FileMapping::FileMapping(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw usage_error({path.string()}, std::string("cannot open: ") + std::strerror(errno));
  }
  struct stat status {};
  const bool plain = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_ = plain ? static_cast<std::size_t>(status.st_size) : 0;
  // An empty file cannot be mapped, and need not be.
  if (size_ > 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int reason = errno;
  ::close(descriptor);
  if (!plain) throw usage_error({path.string()}, "is no plain file");
  if (data_ == MAP_FAILED) {
    throw runtime_error({path.string()}, std::string("cannot map: ") + std::strerror(reason));
  }
}

FileMapping::~FileMapping() {
  if (size_ > 0) ::munmap(data_, size_);
}

}  // namespace fdbench
