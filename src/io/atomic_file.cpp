#include "io/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

bool is_device(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  return std::filesystem::is_character_file(status) || std::filesystem::is_fifo(status);
}

/// mkstemp makes files that only their owner may read; a result is to have the usual rights.
mode_t usual_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path path) : path_(std::move(path)) {
  if (std::filesystem::is_directory(path_)) {
    throw usage_error({path_.string()}, "is a folder; give the path of a file");
  }
  if (is_device(path_)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail("open");
    return;
  }
  temporary_ = (path_.parent_path() / ("." + path_.filename().string() + ".XXXXXX")).string();
  descriptor_ = ::mkstemp(temporary_.data());
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("create");
  }
  ::fchmod(descriptor_, usual_mode());
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  const char* position = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, position, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("write");
    position += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (!temporary_.empty() && ::fsync(descriptor_) != 0) fail("write");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("write");
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("rename the finished file to this");
  temporary_.clear();
}

void AtomicFile::fail(const std::string& doing) const {
  const int reason = errno;
  const std::string message = "cannot " + doing + ": " + std::strerror(reason);
  if (reason == ENOENT || reason == ENOTDIR) {
    throw usage_error({path_.string()}, message + "; the folder must exist");
  }
  throw runtime_error({path_.string()}, message);
}

}  // namespace fdbench
