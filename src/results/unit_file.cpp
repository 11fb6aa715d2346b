#include "results/unit_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "core/error.h"
#include "core/notes.h"
#include "io/atomic_file.h"
#include "results/checksum_line.h"
#include "results/hdf5.h"

namespace fdbench {
namespace {

constexpr std::string_view kUnit = "unit";

/// The HDF5 bytes, or nothing when the checksum does not fit (or there is no file).
std::optional<std::string> checked_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!unit_complete_bytes(bytes)) return std::nullopt;
  bytes.resize(bytes.size() - checksum_line_size(kUnit));
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
  bytes += checksum_line(kUnit, bytes);
  AtomicFile output(path);
  output.write(bytes.data(), bytes.size());
  output.commit();
  sync_folder(path.parent_path());
}

bool unit_complete_bytes(std::string_view bytes) {
  return wholeness(kUnit, bytes) == Wholeness::kWhole;
}

bool unit_complete(const std::filesystem::path& path) { return checked_bytes(path).has_value(); }

bool unit_usable(const std::filesystem::path& path) {
  if (unit_complete(path)) return true;
  if (std::filesystem::exists(path)) {
    say_note(path.string() + " is damaged and is computed again");
  }
  return false;
}

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
