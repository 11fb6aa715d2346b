// PNG files, 8-bit RGB.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "pictures/picture_size.h"

namespace fdbench {

/// Writes a picture. image: [h, w, 3] uint8 (CPU). Renamed into place when complete; throws when it
/// cannot be written.
void save_png(const std::filesystem::path& path, const at::Tensor& image);

/// Reads a picture as [h, w, 3] uint8, equal to Pillow's `convert("RGB")`: grey and palette
/// pictures are expanded, alpha is dropped, of 16 bits the higher 8 stay, but of grey ones what is
/// above 255 becomes 255 (said once a folder). Throws a runtime error for a damaged file, a usage
/// error for an animation.
at::Tensor load_png(const std::filesystem::path& path);
/// Whether alpha, or a transparent colour of the file, hides a pixel in part or whole. Throws the
/// same.
bool png_is_transparent(const std::filesystem::path& path);
/// From its header.
PixelSize png_size(const std::filesystem::path& path);

}  // namespace fdbench
