#include "results/hdf5.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include "core/error.h"
#include "results/attributes.h"
#include "results/foreign_file.h"
#include "results/open_mark.h"
#include "results/unfinished_sweep.h"
#include "results/untrusted_file.h"

namespace fdbench {
namespace {

constexpr std::size_t kImageIncrement = 1 << 20;
/// Deflate cannot do more than 1032 to 1.
constexpr hsize_t kMostInflation = 1100;
/// [bytes] that any file may ask for.
constexpr hsize_t kSmallArray = 1 << 20;
constexpr int kMostAxes = H5S_MAX_RANK;

/// The library's faults become exceptions, so it prints nothing and leaves a failed file alone at
/// the end of the program.
void prepare_library() {
  static const bool once = [] {
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    // A file may ask for a filter that the library would load as a plugin, and point to other
    // files.
    H5PLset_loading_state(0);
    H5Lunregister(H5L_TYPE_EXTERNAL);
    return true;
  }();
  static_cast<void>(once);
}

herr_t keep_innermost(unsigned, const H5E_error2_t* entry, void* text) {
  *static_cast<std::string*>(text) = entry->desc ? entry->desc : "";
  // The first entry is enough.
  return 1;
}

std::string innermost_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
  H5Eclear2(H5E_DEFAULT);
  return reason;
}

herr_t collect_dataset(hid_t, const char* name, const H5O_info_t* info, void* names) {
  if (info->type == H5O_TYPE_DATASET) {
    static_cast<std::vector<std::string>*>(names)->push_back(std::string("/") + name);
  }
  return 0;
}

/// What the library says of a file that ends before its data do.
struct Cut {
  /// [bytes]
  unsigned long long there = 0, whole = 0;
};
constexpr const char* kCut =
    "truncated file: eof = %llu, sblock->base_addr = %*u, stored_eof = %llu";

/// True when the library could not lock a file although nobody holds it: the file system has no
/// locks.
bool cannot_be_locked(const std::string& reason) {
  int number = 0;
  return std::sscanf(reason.c_str(), "unable to lock file, errno = %d", &number) == 1 &&
         number != EWOULDBLOCK;
}

/// Opens (or creates) with the library's own lock or, where the file system has none, without: what
/// is read is never changed in place, and the folder of a sweep has a lock of its own.
template <typename Open>
hid_t with_lock_where_there_are_any(const Open& open) {
  const hid_t file = open(H5P_DEFAULT);
  if (file >= 0) return file;
  const std::string reason = innermost_reason();
  // Its faults are told by the caller.
  if (!cannot_be_locked(reason)) return open(H5P_DEFAULT);
  const Hdf5Handle unlocked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(unlocked, /*use_file_locking=*/0, /*ignore_when_disabled=*/1);
  return open(unlocked);
}

Hdf5Handle memory_access() {
  Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access, kImageIncrement, 0);
  return access;
}

/// Faults of one object do not keep the others from being read.
template <typename Read>
void try_to(const Read& read) {
  try {
    read();
  } catch (const Error&) {
  }
}

/// Whatever the program may read of a file.
void read_all(const Hdf5File& file) {
  for (const char* name : kResultAttributes) {
    if (file.has_attribute("/", name)) try_to([&] { file.attribute_text("/", name); });
  }
  for (const std::string& name : file.datasets()) {
    try_to([&] { file.read(name); });
    try_to([&] { file.read_table(name); });
  }
}

}  // namespace

herr_t Hdf5Handle::reset() {
  if (id_ < 0) return 0;
  return close_(std::exchange(id_, H5I_INVALID_HID));
}

Hdf5File::Hdf5File(std::filesystem::path path, Hdf5Handle file)
    : path_(std::move(path)), file_(std::move(file)) {}

Hdf5File Hdf5File::create(const std::filesystem::path& path) {
  prepare_library();
  const hid_t opened = with_lock_where_there_are_any(
      [&](hid_t access) { return H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access); });
  Hdf5File file(path, {opened, H5Fclose});
  if (file.file_ < 0) file.fail("cannot be created");
  return file;
}

Hdf5File Hdf5File::create_in_memory() {
  prepare_library();
  const Hdf5Handle access = memory_access();
  Hdf5File file("(memory)", {H5Fcreate("unit", H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose});
  if (file.file_ < 0) file.fail("cannot be created");
  return file;
}

Hdf5File Hdf5File::open(const std::filesystem::path& path) {
  prepare_library();
  const Place place{path.string()};
  const bool is_folder = std::filesystem::is_directory(path);
  if (is_folder || !std::filesystem::exists(path)) {
    const std::string unfinished = unfinished_text(path);
    if (!unfinished.empty()) throw usage_error(place, unfinished);
    throw usage_error(place,
                      is_folder ? "is a folder, a result file (.h5) is wanted" : "no such file");
  }
  check_is_hdf5(path);
  check_is_unlocked(path);
  check_readable(path, [&] { read_all(open_unchecked(path)); });
  return open_unchecked(path);
}

Hdf5File Hdf5File::open_unchecked(const std::filesystem::path& path) {
  const hid_t opened = with_lock_where_there_are_any(
      [&](hid_t access) { return H5Fopen(path.c_str(), H5F_ACC_RDONLY, access); });
  Hdf5File file(path, {opened, H5Fclose});
  if (file.file_ < 0) file.fail_to_open();
  return file;
}

void Hdf5File::fail_to_open() const {
  const std::string reason = innermost_reason();
  const Place place{path_.string()};
  Cut cut;
  if (std::sscanf(reason.c_str(), kCut, &cut.there, &cut.whole) == 2) {
    throw runtime_error(place, "is cut short: " + std::to_string(cut.there) + " of " +
                                   std::to_string(cut.whole) +
                                   " bytes are there (a copy that was interrupted, a full disk): "
                                   "copy it again; only where no whole copy is left is it lost");
  }
  // HDF5 refuses marked files of its newer formats itself.
  if (reason.find("already open for") != std::string::npos) {
    throw runtime_error(place, left_open_text(path_.string()));
  }
  throw runtime_error(
      place, "cannot be read as an HDF5 file" + (reason.empty() ? "" : " (" + reason + ")"));
}

Hdf5File Hdf5File::open_image(std::string_view bytes, const std::filesystem::path& path) {
  prepare_library();
  const Hdf5Handle access = memory_access();
  H5Pset_file_image(access, const_cast<char*>(bytes.data()), bytes.size());
  Hdf5File file(path, {H5Fopen("unit", H5F_ACC_RDONLY, access), H5Fclose});
  if (file.file_ < 0) file.fail("cannot be read as an HDF5 file");
  return file;
}

std::string Hdf5File::image() const {
  if (H5Fflush(file_, H5F_SCOPE_GLOBAL) < 0) fail("cannot be flushed");
  const ssize_t size = H5Fget_file_image(file_, nullptr, 0);
  if (size < 0) fail("has no image");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file_, bytes.data(), bytes.size()) < 0) fail("has no image");
  return bytes;
}

void Hdf5File::close() {
  if (H5Fflush(file_, H5F_SCOPE_GLOBAL) < 0 || file_.reset() < 0) fail("cannot be written");
}

bool Hdf5File::has(const std::string& object) const {
  if (object == "/") return true;
  for (std::size_t end = 1; end != std::string::npos;) {
    end = object.find('/', end);
    if (H5Lexists(file_, object.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    if (end != std::string::npos) ++end;
  }
  return true;
}

std::vector<std::string> Hdf5File::datasets() const {
  std::vector<std::string> names;
  if (H5Ovisit(file_, H5_INDEX_NAME, H5_ITER_INC, collect_dataset, &names) < 0) {
    fail("cannot be listed");
  }
  std::sort(names.begin(), names.end());
  return names;
}

void Hdf5File::fail(const std::string& doing) const {
  const std::string reason = innermost_reason();
  throw runtime_error(Place{path_.string()}, doing + (reason.empty() ? "" : " (" + reason + ")"));
}

Hdf5Handle Hdf5File::open_dataset(const std::string& name) const {
  Hdf5Handle dataset(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (dataset < 0) fail("dataset " + name + " cannot be opened");
  const Hdf5Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  if (H5Pget_external_count(properties) != 0 || H5Pget_layout(properties) == H5D_VIRTUAL) {
    fail("dataset " + name + " is kept in other files, which are not read");
  }
  return dataset;
}

std::vector<hsize_t> Hdf5File::checked_shape(const std::string& name, hid_t dataset,
                                             std::size_t entry_bytes) const {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const Hdf5Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const Hdf5Handle stored(H5Dget_type(dataset), H5Tclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  hsize_t file_bytes = 0;
  if (rank < 0 || H5Sget_simple_extent_type(space) == H5S_NULL ||
      H5Fget_filesize(file_, &file_bytes) < 0) {
    fail("dataset " + name + " has no shape");
  }
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank)), chunk(kMostAxes, 0);
  H5Sget_simple_extent_dims(space, shape.data(), nullptr);
  if (H5Pget_layout(properties) != H5D_CHUNKED ||
      H5Pget_chunk(properties, kMostAxes, chunk.data()) < 0) {
    chunk.clear();
  }
  const hsize_t most = kSmallArray + kMostInflation * file_bytes;
  for (const std::vector<hsize_t>* sides : {&shape, &chunk}) {
    hsize_t bytes = std::max<hsize_t>(entry_bytes, H5Tget_size(stored));
    for (const hsize_t side : *sides) {
      if (side > 0 && bytes > most / side) fail("dataset " + name + " is larger than the file");
      bytes *= std::max<hsize_t>(side, 1);
    }
  }
  return shape;
}

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release);
}

}  // namespace fdbench
