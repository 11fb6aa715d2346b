#include "results/hdf5_heaps.h"

#include <cstdint>
#include <cstring>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBegin = "GCOL\1\0\0\0"sv;  // signature, version, reserved
constexpr std::size_t kHeader = 16;                    // with the heap's size
constexpr std::size_t kObject = 16;                    // index, references, reserved, size
constexpr std::size_t kAlignment = 8;

template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// False where a walk by the sizes would not go on. heap: from its signature on.
bool can_be_walked(std::string_view heap) {
  if (heap.size() < kHeader) return true;  // libhdf5 sees that itself
  const auto size = number_at<std::uint64_t>(heap, 8);
  if (size > heap.size()) return true;  // and that
  for (std::size_t at = kHeader; at + kObject <= size;) {
    const bool is_free = number_at<std::uint16_t>(heap, at) == 0;
    const auto length = number_at<std::uint64_t>(heap, at + 8);
    if (length > size) return false;
    const std::uint64_t step =
        is_free ? length : kObject + (length + kAlignment - 1) / kAlignment * kAlignment;
    if (step == 0) return false;
    at += step;
  }
  return true;
}

}  // namespace

void check_global_heaps(std::string_view bytes, const std::filesystem::path& path) {
  for (std::size_t at = bytes.find(kBegin); at != std::string_view::npos;
       at = bytes.find(kBegin, at + 1)) {
    if (can_be_walked(bytes.substr(at))) continue;
    throw runtime_error(Place{path.string()}, "is a damaged HDF5 file: the texts at byte " +
                                                  std::to_string(at) + " have no end");
  }
}

}  // namespace fdbench
