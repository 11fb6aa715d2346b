#include "io/safetensors.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/error.h"
#include "io/atomic_file.h"
#include "io/file_mapping.h"
#include "io/json_text.h"

namespace fdbench {
namespace {

using nlohmann::json;

/// The header length, little-endian.
constexpr std::size_t kLengthBytes = 8;
/// As the reference implementation.
constexpr std::size_t kMaxHeader = 100'000'000;
/// [bytes] of the data in files that we write.
constexpr std::size_t kAlignment = 64;
/// As LibTorch's operators.
constexpr std::size_t kMostAxes = 64;
constexpr const char* kMetadata = "__metadata__";

const std::vector<std::pair<std::string, at::ScalarType>>& dtypes() {
  static const std::vector<std::pair<std::string, at::ScalarType>> table = {
      {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
      {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
      {"U8", at::kByte},    {"BOOL", at::kBool}};
  return table;
}

std::optional<at::ScalarType> dtype_of(const std::string& name) {
  for (const auto& [known, dtype] : dtypes()) {
    if (known == name) return dtype;
  }
  return std::nullopt;
}

std::string all_dtypes() {
  std::string list;
  for (const auto& [name, dtype] : dtypes()) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::string name_of(at::ScalarType wanted, const std::string& tensor) {
  for (const auto& [name, dtype] : dtypes()) {
    if (dtype == wanted) return name;
  }
  throw runtime_error("tensor '" + tensor + "' has dtype " + at::toString(wanted) +
                      ", which safetensors files of fdbench do not hold");
}

/// Checks a header piece by piece; every fault names the file and, where it has one, the tensor.
class HeaderReader {
 public:
  HeaderReader(std::string file, const FileMapping& mapping)
      : file_(std::move(file)), mapping_(mapping) {}

  json read() {
    if (mapping_.size() < kLengthBytes) {
      throw fault(
          "is " + std::to_string(mapping_.size()) +
          " bytes long, too short for a safetensors file (8 bytes of header length come first)");
    }
    std::uint64_t length = 0;
    std::memcpy(&length, mapping_.data(), kLengthBytes);
    check_length(length);
    data_begin_ = kLengthBytes + length;
    const char* text = reinterpret_cast<const char*>(mapping_.data()) + kLengthBytes;
    if (nested_too_deeply({text, length})) throw fault("the header is nested too deeply");
    json header = json::parse(text, text + length, nullptr, /*allow_exceptions=*/false);
    if (header.is_discarded())
      throw fault("the header is not JSON; the file is damaged or no safetensors file");
    if (!header.is_object()) throw fault("the header is no JSON object of tensors by name");
    return header;
  }

  std::map<std::string, std::string> metadata(const json& value) const {
    std::map<std::string, std::string> texts;
    if (!value.is_object()) throw fault("__metadata__ must be an object of texts");
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) throw fault("__metadata__ '" + key + "' must be a text");
      texts[key] = text.get<std::string>();
    }
    return texts;
  }

  at::ScalarType dtype(const std::string& name, const json& entry) const {
    const auto found = entry.is_object() ? entry.find("dtype") : entry.end();
    if (!entry.is_object() || found == entry.end() || !found->is_string()) {
      throw fault(name, "has no dtype; an entry holds dtype, shape and data_offsets");
    }
    const auto dtype = dtype_of(found->get<std::string>());
    if (!dtype) {
      throw fault(name, "has the dtype '" + found->get<std::string>() +
                            "', which is not supported; one of " + all_dtypes());
    }
    return *dtype;
  }

  std::vector<std::int64_t> shape(const std::string& name, const json& entry) const {
    std::vector<std::int64_t> sides = numbers(name, entry, "shape");
    if (sides.size() > kMostAxes) throw fault(name, "has more axes than LibTorch works with");
    return sides;
  }

  /// -> first byte and the one behind the last, counted from the start of the file.
  std::pair<std::size_t, std::size_t> offsets(const std::string& name, const json& entry,
                                              std::uint64_t bytes) const {
    const std::vector<std::int64_t> pair = numbers(name, entry, "data_offsets");
    if (pair.size() != 2) throw fault(name, "data_offsets must be [begin, end]");
    const auto begin = static_cast<std::uint64_t>(pair[0]),
               end = static_cast<std::uint64_t>(pair[1]);
    const std::string shown =
        "data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) + "]";
    if (begin > end) throw fault(name, shown + " end before they begin");
    const std::uint64_t available = mapping_.size() - data_begin_;
    if (end > available) {
      throw fault(name, shown + " lie outside the file, which holds " + std::to_string(available) +
                            " bytes of data; the file is truncated or damaged");
    }
    if (end - begin != bytes) {
      throw fault(name, shown + " span " + std::to_string(end - begin) +
                            " bytes, shape and dtype want " + std::to_string(bytes));
    }
    return {data_begin_ + begin, data_begin_ + end};
  }

  /// Bytes of a tensor; refuses shapes whose size does not fit 63 bits (sides of length 0 count as
  /// 1 in strides, so they do here).
  std::uint64_t bytes(const std::string& name, const std::vector<std::int64_t>& shape,
                      at::ScalarType dtype) const {
    std::int64_t total = static_cast<std::int64_t>(c10::elementSize(dtype));
    for (const std::int64_t side : shape) {
      if (__builtin_mul_overflow(total, std::max<std::int64_t>(side, 1), &total))
        throw fault(name, "has a shape too large for any file");
    }
    const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
    return empty ? 0 : static_cast<std::uint64_t>(total);
  }

  /// begin and end by tensor: they must cover the data without overlap or hole.
  void check_cover(
      std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::string>> ranges) const {
    std::sort(ranges.begin(), ranges.end());
    std::size_t position = data_begin_;
    std::string before;
    for (const auto& [range, name] : ranges) {
      if (range.first < position) throw fault(name, "overlaps tensor '" + before + "' in the file");
      if (range.first > position) {
        throw fault(name, "begins " + std::to_string(range.first - position) +
                              " bytes behind the end of the data before it; there may be no holes");
      }
      position = range.second;
      before = name;
    }
    if (position != mapping_.size()) {
      throw fault("has " + std::to_string(mapping_.size() - position) +
                  " bytes behind the last tensor that belong to none");
    }
  }

  Error fault(const std::string& name, const std::string& message) const {
    return runtime_error({file_}, "tensor '" + name + "' " + message);
  }
  Error fault(const std::string& message) const { return runtime_error({file_}, message); }

 private:
  void check_length(std::uint64_t length) const {
    const std::string shown =
        "the header's length is given as " + std::to_string(length) + " bytes, ";
    if (length > mapping_.size() - kLengthBytes) {
      throw fault(shown + "but the file has " + std::to_string(mapping_.size()) +
                  " in all; it is truncated, damaged or no safetensors file");
    }
    if (length > kMaxHeader)
      throw fault(shown + "more than the " + std::to_string(kMaxHeader) + " allowed");
  }

  std::vector<std::int64_t> numbers(const std::string& name, const json& entry,
                                    const char* key) const {
    const auto found = entry.find(key);
    std::vector<std::int64_t> list;
    bool fits = found != entry.end() && found->is_array();
    for (const json& number : fits ? *found : json::array()) {
      fits = fits && number.is_number_unsigned() &&
             number.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
      if (fits) list.push_back(number.get<std::int64_t>());
    }
    if (!fits)
      throw fault(name,
                  std::string(key) + " must be a list of whole numbers that are not negative");
    return list;
  }

  std::string file_;
  const FileMapping& mapping_;
  std::size_t data_begin_ = 0;
};

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : path_(path), mapping_(std::make_shared<const FileMapping>(path)) {
  HeaderReader reader(path.string(), *mapping_);
  std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::string>> ranges;
  const json header = reader.read();
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      metadata_ = reader.metadata(value);
      continue;
    }
    Entry entry;
    entry.dtype = reader.dtype(name, value);
    entry.shape = reader.shape(name, value);
    const std::uint64_t bytes = reader.bytes(name, entry.shape, entry.dtype);
    const auto range = reader.offsets(name, value, bytes);
    entry.begin = range.first;
    entry.end = range.second;
    ranges.emplace_back(range, name);
    tensors_.emplace(name, std::move(entry));
  }
  reader.check_cover(std::move(ranges));
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : tensors_) names.push_back(name);
  return names;
}

const SafetensorsFile::Entry& SafetensorsFile::entry(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found != tensors_.end()) return found->second;
  throw usage_error({path_.string()}, "has no tensor '" + name + "'" + advice(name, names()));
}

void SafetensorsFile::read(const std::string& name, at::Tensor& out) const {
  const Entry& entry = this->entry(name);
  mapping_->read_numbers(entry.begin, entry.dtype, out);
}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const Entry& entry = this->entry(name);
  const auto options = at::TensorOptions().dtype(entry.dtype);
  const std::uint8_t* data = mapping_->data() + entry.begin;
  const std::size_t size = entry.end - entry.begin;
  if (size == 0) return at::empty(entry.shape, options);
  if (reinterpret_cast<std::uintptr_t>(data) % c10::elementSize(entry.dtype) != 0) {
    at::Tensor copy = at::empty(entry.shape, options);
    std::memcpy(copy.data_ptr(), data, size);
    return copy;
  }
  return at::from_blob(
      const_cast<std::uint8_t*>(data), entry.shape, [mapping = mapping_](void*) {}, options);
}

void save_safetensors(const std::filesystem::path& path,
                      const std::map<std::string, at::Tensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<std::pair<std::string, at::Tensor>> ordered;
  for (const auto& [name, tensor] : tensors) ordered.emplace_back(name, tensor.cpu().contiguous());
  // Wide types first, so that every tensor is aligned.
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::size_t end = 0;
  for (const auto& [name, tensor] : ordered) {
    const std::size_t begin = std::exchange(end, end + tensor.nbytes());
    header[name] = {{"dtype", name_of(tensor.scalar_type(), name)},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize(
      (text.size() + kLengthBytes + kAlignment - 1) / kAlignment * kAlignment - kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(&length, kLengthBytes);
  file.write(text.data(), text.size());
  for (const auto& [name, tensor] : ordered) file.write(tensor.data_ptr(), tensor.nbytes());
  file.commit();
}

}  // namespace fdbench
