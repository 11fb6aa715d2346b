#include "pictures/webp.h"

#include <webp/decode.h>

#include "core/error.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

PixelSize size_in(const FileMapping& file, const Place& place) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(file.data(), file.size(), &features);
  if (status != VP8_STATUS_OK) {
    throw runtime_error(place, status == VP8_STATUS_NOT_ENOUGH_DATA
                                   ? "damaged WebP: the file ends too early"
                                   : "damaged WebP: its header cannot be read");
  }
  if (features.has_animation != 0) throw animation_error(place, "an animated WebP");
  check_picture_size(place, features.height, features.width);
  return {features.height, features.width};
}

/// channels: 3, or 4 with alpha. -> [h, w, channels] uint8.
at::Tensor pixels_of(const std::filesystem::path& path, int channels) {
  const FileMapping file(path);
  const Place place{path.string()};
  const PixelSize size = size_in(file, place);
  at::Tensor image = at::empty({size.height, size.width, channels}, at::kByte);
  const auto decode = channels == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
  const std::uint8_t* read =
      decode(file.data(), file.size(), image.mutable_data_ptr<std::uint8_t>(), image.nbytes(),
             static_cast<int>(channels * size.width));
  if (read == nullptr) throw runtime_error(place, "damaged WebP: its pixels cannot be read");
  return image;
}

}  // namespace

at::Tensor load_webp(const std::filesystem::path& path) { return pixels_of(path, 3); }

bool webp_is_transparent(const std::filesystem::path& path) {
  return pixels_of(path, 4).select(2, 3).lt(255).any().item<bool>();
}

PixelSize webp_size(const std::filesystem::path& path) {
  return size_in(FileMapping(path), {path.string()});
}

}  // namespace fdbench
