// Pictures in files of the kinds that can be read, told by what is in them.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>

#include "pictures/picture_size.h"

namespace fdbench {

/// "PNG", "JPEG", "WebP" or "TIFF" (these can be read), "GIF", "BMP", "AVIF", "HEIF", "JPEG XL" or
/// "JPEG 2000"; "": something else. By the first bytes, whatever the name. Throws a usage error
/// for a file that cannot be opened.
std::string picture_kind(const std::filesystem::path& path);
bool can_be_read(const std::string& picture_kind);
/// True for a name that ends as pictures of the kinds above do, in any case.
bool is_picture_name(const std::filesystem::path& path);

/// [h, w, 3] uint8. Throws what load_png, load_jpeg, load_webp and load_tiff throw, and a runtime
/// error for a file of another kind.
at::Tensor load_picture(const std::filesystem::path& path);
/// Whether some pixel is transparent, in part or whole; load_picture drops alpha, so what it gives
/// is then not what a viewer shows. Throws the same.
bool is_transparent(const std::filesystem::path& path);
/// From its header. Throws the same.
PixelSize picture_size(const std::filesystem::path& path);

}  // namespace fdbench
