// How large a picture in a file is and may be, and what all readers of pictures say alike.
#pragma once

#include <cstdint>

#include "core/error.h"

namespace fdbench {

/// Pixels of the largest picture that is read, as many as 8192 x 8192: headers that were damaged
/// must not ask for all memory.
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;

struct PixelSize {
  /// [pixels]
  std::int64_t height = 0, width = 0;

  bool operator==(const PixelSize&) const = default;
};

/// Throws a runtime error for a picture without pixels or with more.
void check_picture_size(const Place& place, std::int64_t height, std::int64_t width);

/// A usage error: what holds several pictures is not judged by its first. kind: "an animated PNG".
Error animation_error(const Place& place, const std::string& kind);

/// Says once a folder that Pillow's conversion of 16-bit grey cuts values off at 255.
void warn_of_wide_grey(const Place& place);

}  // namespace fdbench
