#include "io/file_mapping.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/hash.h"
#include "io/stand_in.h"

namespace fdbench {
namespace {

/// Read at a time; fits a core's cache.
constexpr std::int64_t kPieceBytes = 1 << 17;

}  // namespace

FileMapping::FileMapping(const std::filesystem::path& path) : path_(path.string()) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) throw missing_file(path);
  if (descriptor < 0) {
    throw usage_error({path.string()}, std::string("cannot open: ") + std::strerror(errno));
  }
  struct stat status {};
  const bool plain = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_ = plain ? static_cast<std::size_t>(status.st_size) : 0;
  // An empty file cannot be mapped, and need not be.
  if (size_ > 0) data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int reason = errno;
  if (!plain || data_ == MAP_FAILED) ::close(descriptor);
  if (!plain) throw usage_error({path.string()}, "is not a plain file");
  if (data_ == MAP_FAILED) {
    throw runtime_error({path.string()}, std::string("cannot map: ") + std::strerror(reason));
  }
  descriptor_ = descriptor;
  try {
    refuse_stand_in(path, {reinterpret_cast<const char*>(data()), size_});
  } catch (...) {  // no destructor runs after a constructor that throws
    close();
    throw;
  }
}

FileMapping::~FileMapping() { close(); }

void FileMapping::close() {
  if (size_ > 0) ::munmap(data_, size_);
  ::close(descriptor_);
}

void FileMapping::read(std::size_t offset, void* out, std::size_t size) const {
  auto* next = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t count = ::pread(descriptor_, next, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0)
      throw runtime_error({path_}, std::string("cannot read: ") + std::strerror(errno));
    if (count == 0) {
      throw runtime_error({path_}, "has become shorter than it was when it was opened (" +
                                       std::to_string(size_) + " bytes)");
    }
    next += count;
    offset += static_cast<std::size_t>(count);
    size -= static_cast<std::size_t>(count);
  }
}

std::string hash_of_files(const std::vector<std::filesystem::path>& paths) {
  std::string hashes;
  for (const std::filesystem::path& path : paths) {
    const FileMapping file(path);
    hashes += content_hash(file.data(), file.size());
  }
  return content_hash(hashes);
}

void FileMapping::read_numbers(std::size_t offset, at::ScalarType stored, at::Tensor& out) const {
  const at::ScalarType dtype = out.scalar_type();
  const auto from_size = static_cast<std::int64_t>(c10::elementSize(stored));
  const auto to_size = static_cast<std::int64_t>(c10::elementSize(dtype));
  auto* const data = static_cast<std::uint8_t*>(out.mutable_data_ptr());
  const std::int64_t total = out.numel(), piece = kPieceBytes / from_size;
  at::parallel_for(0, (total + piece - 1) / piece, 1, [&](std::int64_t first, std::int64_t last) {
    alignas(64) std::array<std::uint8_t, kPieceBytes> buffer;
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t begin = i * piece, count = std::min(piece, total - begin);
      const auto place = offset + static_cast<std::size_t>(begin * from_size);
      const auto bytes = static_cast<std::size_t>(count * from_size);
      std::uint8_t* const target = data + begin * to_size;
      read(place, stored == dtype ? target : buffer.data(), bytes);
      if (stored == dtype) continue;
      at::from_blob(target, {count}, dtype).copy_(at::from_blob(buffer.data(), {count}, stored));
    }
  });
}

}  // namespace fdbench
