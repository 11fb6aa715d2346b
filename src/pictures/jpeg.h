// JPEG files, baseline and progressive, grey, colour or CMYK.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "pictures/picture_size.h"

namespace fdbench {

/// Reads a picture as [h, w, 3] uint8, the same values as Pillow's `convert("RGB")` (libjpeg's
/// own integer transform and smooth upsampling; CMYK and YCCK as inverted inks, without colour
/// profiles). Orientation in EXIF is left aside, as Pillow does. Throws one line for a file that is
/// damaged or cut short.
at::Tensor load_jpeg(const std::filesystem::path& path);
/// From its header.
PixelSize jpeg_size(const std::filesystem::path& path);

}  // namespace fdbench
