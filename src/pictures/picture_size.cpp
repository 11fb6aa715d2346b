#include "pictures/picture_size.h"

#include <filesystem>
#include <string>

#include "core/notes.h"

namespace fdbench {

void check_picture_size(const Place& place, std::int64_t height, std::int64_t width) {
  const bool fits = height > 0 && width > 0 && height <= kMostPixels / width;
  if (fits) return;
  throw runtime_error(place, "is a picture of " + std::to_string(width) + " x " +
                                 std::to_string(height) + " pixels; at most " +
                                 std::to_string(kMostPixels) + " are read");
}

Error animation_error(const Place& place, const std::string& kind) {
  return usage_error(place, "is " + kind +
                                "; only files of one picture are judged: save each picture as a "
                                "file of its own, or move this one away");
}

void warn_of_wide_grey(const Place& place) {
  say_warning({std::filesystem::path(place.file).parent_path().string()},
              "holds pictures of 16-bit grey; values above 255 become 255, as Pillow's "
              "convert(\"RGB\") makes them (divide by 257 and save 8 bits if that is not meant)");
}

}  // namespace fdbench
