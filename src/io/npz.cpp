#include "io/npz.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

const std::string kMagic = "\x93NUMPY";
/// Magic and version.
constexpr std::size_t kPrefix = 8;
/// Of the data, as NumPy writes it.
constexpr std::size_t kAlignment = 64;
/// As NumPy.
constexpr std::size_t kMostAxes = 32;
const std::string kEnding = ".npy";
/// How such files begin.
const std::string kPickle = "\x80", kZip = "PK";

/// [bytes] that are looked at for a shape alone.
constexpr std::uint64_t kLongestHeader = 1 << 16;
/// NumPy's name of an array without one.
constexpr const char* kSingle = "arr_0";

/// By the letters that follow the order of bytes.
const std::vector<std::pair<std::string, at::ScalarType>>& dtypes() {
  static const std::vector<std::pair<std::string, at::ScalarType>> table = {
      {"f4", at::kFloat}, {"f8", at::kDouble}, {"f2", at::kHalf},
      {"u1", at::kByte},  {"i8", at::kLong},   {"i4", at::kInt},
      {"i2", at::kShort}, {"i1", at::kChar},   {"b1", at::kBool}};
  return table;
}

/// The numbers of each element in the other order of bytes.
void swap_bytes(at::Tensor& values) {
  const auto size = static_cast<std::int64_t>(values.element_size());
  auto* bytes = static_cast<std::uint8_t*>(values.mutable_data_ptr());
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    std::reverse(bytes + i * size, bytes + (i + 1) * size);
  }
}

/// Reads one array; faults name the file and the array.
class ArrayReader {
 public:
  ArrayReader(std::string file, const std::string& name, std::string_view bytes)
      : place_{std::move(file)}, name_(name), bytes_(bytes) {}

  /// From the header alone; the numbers need not be there.
  std::vector<std::int64_t> shape() {
    read_header();
    return shape_;
  }

  at::Tensor read() {
    const std::size_t begin = read_header();
    std::uint64_t size = at::elementSize(dtype_);
    // Axes of length 0 count as 1 there.
    std::int64_t stride = 1;
    for (const std::int64_t extent : shape_) {
      if (__builtin_mul_overflow(stride, std::max<std::int64_t>(extent, 1), &stride)) {
        fail("has a shape that cannot be");
      }
      if (extent != 0 && size > bytes_.size() / static_cast<std::uint64_t>(extent)) {
        fail("holds fewer numbers than its shape says");
      }
      size *= static_cast<std::uint64_t>(extent);
    }
    if (bytes_.size() - begin != size) {
      fail("has " + std::to_string(bytes_.size() - begin) +
           " bytes of numbers, its shape asks for " + std::to_string(size));
    }
    std::vector<std::int64_t> stored = shape_;
    if (fortran_) std::reverse(stored.begin(), stored.end());
    at::Tensor values = at::empty(stored, dtype_);
    if (size > 0) std::memcpy(values.data_ptr(), bytes_.data() + begin, size);
    if (is_big_endian_) swap_bytes(values);
    if (is_unsigned_) values = widened(values);
    if (!fortran_) return values;
    std::vector<std::int64_t> order(shape_.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = static_cast<std::int64_t>(order.size() - 1 - i);
    }
    return values.permute(order).contiguous();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw runtime_error(place_, "array '" + name_ + "' " + what);
  }

  /// -> where the numbers begin.
  std::size_t read_header() {
    if (bytes_.size() < kPrefix + 4 || bytes_.substr(0, kMagic.size()) != kMagic) {
      fail("is no NumPy array");
    }
    const int version = bytes_[kMagic.size()];
    if (version < 1 || version > 3) fail("has an unknown version of NumPy's format");
    std::uint32_t length = 0;
    const std::size_t width = version == 1 ? 2 : 4;
    std::memcpy(&length, bytes_.data() + kPrefix, width);
    const std::size_t begin = kPrefix + width;
    if (length > bytes_.size() - begin) fail("ends within its header");
    header_ = bytes_.substr(begin, length);
    read_dtype(quoted("descr"));
    fortran_ = value_of("fortran_order").starts_with("True");
    read_shape(value_of("shape"));
    return begin + length;
  }

  /// What follows the key in the header, which is a Python dictionary.
  std::string_view value_of(const std::string& key) const {
    const std::size_t found = header_.find("'" + key + "'");
    if (found == std::string_view::npos) fail("has a header without '" + key + "'");
    std::size_t at = found + key.size() + 2;
    while (at < header_.size() && (header_[at] == ':' || header_[at] == ' ')) ++at;
    return header_.substr(at);
  }

  std::string quoted(const std::string& key) const {
    const std::string_view value = value_of(key);
    const std::size_t end = value.empty() ? 0 : value.find('\'', 1);
    if (value.empty() || value[0] != '\'' || end == std::string_view::npos) {
      fail("holds records, not numbers");
    }
    return std::string(value.substr(1, end - 1));
  }

  /// Unsigned numbers of 16, 32 and 64 bits, which ATen does not have, in the next larger integers.
  at::Tensor widened(const at::Tensor& values) const {
    if (dtype_ == at::kShort) return values.to(at::kInt).bitwise_and(0xffff);
    if (dtype_ == at::kInt) return values.to(at::kLong).bitwise_and(0xffffffff);
    if (values.lt(0).any().item<bool>()) fail("holds numbers beyond 2^63");
    return values;
  }

  void read_dtype(const std::string& wanted) {
    std::string kind = wanted.substr(std::min<std::size_t>(1, wanted.size()));
    is_unsigned_ = kind == "u2" || kind == "u4" || kind == "u8";
    if (is_unsigned_) kind[0] = 'i';
    for (const auto& [name, dtype] : dtypes()) {
      if (name != kind || std::string("<>|=").find(wanted[0]) == std::string::npos) continue;
      dtype_ = dtype;
      is_big_endian_ = wanted[0] == '>';
      return;
    }
    if (wanted.find('O') != std::string::npos) {
      fail("holds pickled Python objects, which are not read");
    }
    fail("has dtype '" + wanted + "'; float16/32/64, integers and bool are read");
  }

  void read_shape(std::string_view text) {
    if (text.empty() || text[0] != '(') fail("has no shape");
    for (std::size_t at = 1; at < text.size() && text[at] != ')';) {
      if (std::isdigit(static_cast<unsigned char>(text[at])) == 0) {
        if (text[at] != ',' && text[at] != ' ') fail("has a shape that cannot be read");
        ++at;
        continue;
      }
      std::int64_t extent = 0;
      for (; at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0; ++at) {
        extent = extent * 10 + (text[at] - '0');
        if (extent > (std::int64_t{1} << 48)) fail("has a shape that cannot be");
      }
      shape_.push_back(extent);
      if (shape_.size() > kMostAxes) fail("has too many axes");
    }
  }

  Place place_;
  const std::string& name_;
  std::string_view bytes_, header_;
  at::ScalarType dtype_ = at::kFloat;
  bool fortran_ = false, is_big_endian_ = false, is_unsigned_ = false;
  std::vector<std::int64_t> shape_;
};

std::string npy_bytes(const std::filesystem::path& path, const std::string& name,
                      const at::Tensor& array) {
  const at::Tensor values = array.detach().cpu().contiguous();
  std::optional<std::string> descr;
  for (const auto& [text, dtype] : dtypes()) {
    if (dtype == values.scalar_type()) descr = (values.element_size() == 1 ? "|" : "<") + text;
  }
  if (!descr) {
    throw runtime_error({path.string()}, "array '" + name + "' has dtype " +
                                             at::toString(values.scalar_type()) +
                                             ", which NumPy does not have");
  }
  std::string header = "{'descr': '" + *descr + "', 'fortran_order': False, 'shape': (";
  for (const std::int64_t extent : values.sizes()) header += std::to_string(extent) + ", ";
  header += "), }";
  header.append(kAlignment - (kPrefix + 2 + header.size() + 1) % kAlignment, ' ').append("\n");
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string bytes = kMagic + std::string("\x01\x00", 2);
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length).append(header);
  return bytes.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
}

Error pickled(const std::filesystem::path& path) {
  return usage_error({path.string()},
                     "is a pickled file of PyTorch, which is never unpickled; save the numbers "
                     "with numpy.savez(\"FILE.npz\", features=x.cpu().numpy())");
}

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& path) : path_(path) {
  auto mapping = std::make_unique<FileMapping>(path);
  const std::string_view bytes(reinterpret_cast<const char*>(mapping->data()), mapping->size());
  if (bytes.starts_with(kMagic)) {
    single_ = std::move(mapping);
    return;
  }
  if (bytes.starts_with(kPickle)) throw pickled(path_);
  if (!bytes.starts_with(kZip)) {
    throw usage_error({path_.string()}, bytes.empty()
                                            ? "is an empty file; NumPy's .npz or .npy is wanted"
                                            : "is no .npz or .npy file of NumPy");
  }
  archive_.emplace(path);
  for (const std::string& name : archive_->names()) {
    if (name.ends_with("data.pkl")) throw pickled(path_);
  }
}

NpzFile::~NpzFile() = default;
NpzFile::NpzFile(NpzFile&&) noexcept = default;

std::vector<std::string> NpzFile::names() const {
  if (single_) return {kSingle};
  std::vector<std::string> names;
  for (const std::string& member : archive_->names()) {
    if (member.ends_with(kEnding)) {
      names.push_back(member.substr(0, member.size() - kEnding.size()));
    }
  }
  return names;
}

bool NpzFile::contains(const std::string& name) const {
  const std::vector<std::string> all = names();
  return std::find(all.begin(), all.end(), name) != all.end();
}

at::Tensor NpzFile::read(const std::string& name) const {
  if (!single_) return ArrayReader(path_.string(), name, archive_->read(name + kEnding)).read();
  const std::string_view bytes(reinterpret_cast<const char*>(single_->data()), single_->size());
  return ArrayReader(path_.string(), name, bytes).read();
}

std::vector<std::int64_t> NpzFile::shape(const std::string& name) const {
  if (!single_) {
    const std::string first = archive_->first_bytes(name + kEnding, kLongestHeader);
    return ArrayReader(path_.string(), name, first).shape();
  }
  const std::string_view bytes(reinterpret_cast<const char*>(single_->data()), single_->size());
  return ArrayReader(path_.string(), name, bytes).shape();
}

NamedArrays load_npz(const std::filesystem::path& path) {
  const NpzFile file(path);
  NamedArrays arrays;
  for (const std::string& name : file.names()) arrays[name] = file.read(name);
  return arrays;
}

void save_npz(const std::filesystem::path& path, const NamedArrays& arrays) {
  std::vector<ZipMember> members;
  for (const auto& [name, array] : arrays) {
    members.push_back({name + kEnding, npy_bytes(path, name, array)});
  }
  write_zip(path, members);
}

}  // namespace fdbench
