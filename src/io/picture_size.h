// How large a picture in a file may be.
#pragma once

#include <cstdint>
#include <string>

#include "core/error.h"

namespace fdbench {

/// Pixels of the largest picture that is read, as many as 8192 x 8192: headers that were damaged
/// must not ask for all memory.
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;

/// Throws a runtime error for a picture that is larger.
inline void check_picture_size(const Place& place, std::int64_t height, std::int64_t width) {
  if (height * width <= kMostPixels) return;
  throw runtime_error(place, "is a picture of " + std::to_string(width) + " x " +
                                 std::to_string(height) + " pixels; at most " +
                                 std::to_string(kMostPixels) + " are read");
}

}  // namespace fdbench
