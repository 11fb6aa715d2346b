// WebP files of one picture.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "pictures/picture_size.h"

namespace fdbench {

/// Reads a picture as [h, w, 3] uint8, lossless or lossy, alpha dropped, as Pillow's
/// `convert("RGB")`. Throws a runtime error for a damaged file, a usage error for an animation.
at::Tensor load_webp(const std::filesystem::path& path);
/// Whether alpha hides a pixel in part or whole. Throws the same.
bool webp_is_transparent(const std::filesystem::path& path);
/// From its header.
PixelSize webp_size(const std::filesystem::path& path);

}  // namespace fdbench
