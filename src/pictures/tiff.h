// TIFF files of one picture.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

#include "pictures/picture_size.h"

namespace fdbench {

/// Reads a picture as [h, w, 3] uint8, equal to Pillow's `convert("RGB")`: 8 or 16 bits of RGB,
/// grey or four inks, palettes and black and white; alpha is dropped, of 16 bits the higher 8 stay,
/// but of grey ones what is above 255 becomes 255 (said once a folder). Strips or tiles, any
/// packing that libtiff knows. Throws a usage error for other kinds (several pages, floats, Lab,
/// separate planes, turned pictures), a runtime error for a damaged file.
at::Tensor load_tiff(const std::filesystem::path& path);
/// Whether alpha hides a pixel in part or whole. Throws the same.
bool tiff_is_transparent(const std::filesystem::path& path);
/// From its header.
PixelSize tiff_size(const std::filesystem::path& path);

}  // namespace fdbench
