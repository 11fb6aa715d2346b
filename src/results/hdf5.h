// HDF5 through its C interface: handles that close themselves, faults as one line, arrays as
// tensors.
#pragma once

#include <ATen/ATen.h>
#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "results/record_table.h"

namespace fdbench {

/// Owns one HDF5 identifier.
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Handle() { reset(); }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }

  operator hid_t() const { return id_; }
  /// Closes; the result is that of the library's function.
  herr_t reset();

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

using Attribute = std::variant<std::string, std::int64_t, double, std::vector<std::string>>;

/// How an array is laid out in the file.
struct ArrayLayout {
  /// kDouble, kFloat, kLong, kInt or kByte.
  at::ScalarType dtype = at::kDouble;
  std::vector<std::int64_t> shape;
  /// Empty: contiguous, without compression.
  std::vector<std::int64_t> chunk;
  /// Of what is never written.
  double fill = 0;
};

/// An open HDF5 file. Every fault is a runtime error that names the file and gives the library's
/// innermost reason.
class Hdf5File {
 public:
  /// A new file on disk; an old one is emptied.
  static Hdf5File create(const std::filesystem::path& path);
  /// A new file in memory, for `image`.
  static Hdf5File create_in_memory();
  /// Opens for reading. Throws a usage error that says what it is for another kind of file, a
  /// folder and an unfinished sweep, and what `check_readable` throws, too: a runtime error for a
  /// file that does not fit its checksum, that libhdf5 does not survive, or that another program
  /// has open for writing. One that a program left open is read with a warning where that is safe.
  static Hdf5File open(const std::filesystem::path& path);
  /// Opens the bytes of a file that fits its checksum; `path` is for messages.
  static Hdf5File open_image(std::string_view bytes, const std::filesystem::path& path);

  /// The bytes of the file, flushed.
  std::string image() const;
  /// Writes all that is pending to the file and closes it.
  void close();

  /// True when there is an object at the path ("/plan/cells").
  bool has(const std::string& object) const;
  /// Paths of all datasets, sorted.
  std::vector<std::string> datasets() const;

  /// object: "/" or a dataset's path. Text is stored as variable-length UTF-8, so its length has no
  /// limit.
  void set_attribute(const std::string& object, const std::string& name, const Attribute& value);
  bool has_attribute(const std::string& object, const std::string& name) const;
  /// Text of an attribute; numbers as decimal text, lists joined by ", ".
  std::string attribute_text(const std::string& object, const std::string& name) const;

  /// Groups on the way are made too.
  void create_array(const std::string& name, const ArrayLayout& layout);
  /// Writes `values` (dtype of the array) as the box that begins at `start`; missing leading axes
  /// of `values` have length 1.
  void write(const std::string& name, const std::vector<std::int64_t>& start, at::Tensor values);
  at::Tensor read(const std::string& name) const;

  /// A compound dataset; text is fixed-length UTF-8, as long as the longest entry, padded with zero
  /// bytes.
  void write_table(const std::string& name, const RecordTable& table);
  /// Reads it back (columns have no unit and no help then). Columns of other types are left out.
  RecordTable read_table(const std::string& name) const;

  /// A one-dimensional dataset of fixed-length UTF-8 text.
  void write_names(const std::string& name, const std::vector<std::string>& names);
  /// Makes the dataset a dimension scale.
  void make_scale(const std::string& name, const std::string& label);
  void attach_scale(const std::string& dataset, int axis, const std::string& scale);

  /// Identifier of the library.
  hid_t id() const { return file_; }
  /// Throws the runtime error of the last failed call.
  [[noreturn]] void fail(const std::string& doing) const;
  Hdf5Handle open_dataset(const std::string& name) const;

 private:
  /// How many entries the dataset has along each axis. Throws where its numbers (of `entry_bytes`
  /// each in memory) could not have come out of a file of this size: a damaged one may claim any.
  std::vector<hsize_t> checked_shape(const std::string& name, hid_t dataset,
                                     std::size_t entry_bytes) const;

  Hdf5File(std::filesystem::path path, Hdf5Handle file);
  static Hdf5File open_unchecked(const std::filesystem::path& path);
  /// Throws what became of an attempt to open the file, with the remedy.
  [[noreturn]] void fail_to_open() const;

  std::filesystem::path path_;
  Hdf5Handle file_;
};

/// Version of the HDF5 library, "1.10.8".
std::string hdf5_version();

}  // namespace fdbench
