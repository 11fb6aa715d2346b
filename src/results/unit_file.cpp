#include "results/unit_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/error.h"
#include "core/hash.h"
#include "io/atomic_file.h"
#include "results/hdf5.h"

namespace fdbench {
namespace {

// HDF5 readers ignore what follows the end that the header names, so the file stays readable with
// any of them.
constexpr std::string_view kTrailerMark = "\nfdbench unit checksum ";

std::string trailer(std::string_view bytes) {
  return std::string(kTrailerMark) + content_hash(bytes) + "\n";
}

std::size_t trailer_size() { return trailer("").size(); }

/// The HDF5 bytes, or nothing when the checksum does not fit (or there is no file).
std::optional<std::string> checked_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!unit_complete_bytes(bytes)) return std::nullopt;
  bytes.resize(bytes.size() - trailer_size());
  return bytes;
}

}  // namespace

void write_unit(const std::filesystem::path& path, const Arrays& arrays) {
  Hdf5File file = Hdf5File::create_in_memory();
  for (const auto& [name, values] : arrays) {
    ArrayLayout layout;
    layout.dtype = values.scalar_type();
    layout.shape = values.sizes().vec();
    if (values.numel() > 0) layout.chunk = layout.shape;
    file.create_array(name, layout);
    file.write(name, {}, values);
  }
  std::string bytes = file.image();
  bytes += trailer(bytes);
  AtomicFile output(path);
  output.write(bytes.data(), bytes.size());
  output.commit();
  sync_folder(path.parent_path());
}

bool unit_complete_bytes(std::string_view bytes) {
  if (bytes.size() < trailer_size()) return false;
  const std::size_t end = bytes.size() - trailer_size();
  return bytes.substr(end) == trailer(bytes.substr(0, end));
}

bool unit_complete(const std::filesystem::path& path) { return checked_bytes(path).has_value(); }

Arrays read_unit(const std::filesystem::path& path) {
  const std::optional<std::string> bytes = checked_bytes(path);
  if (!bytes) throw runtime_error(Place{path.string()}, "is missing or damaged; run again");
  const Hdf5File file = Hdf5File::open_image(*bytes, path);
  Arrays arrays;
  for (const std::string& name : file.datasets()) arrays[name] = file.read(name);
  return arrays;
}

void sync_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (!synced) {
    throw runtime_error(Place{path.string()},
                        std::string("cannot write: ") + std::strerror(reason));
  }
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace fdbench
