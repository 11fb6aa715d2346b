// PNG files, 8-bit RGB.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

namespace fdbench {

/// Writes a picture. image: [h, w, 3] uint8 (CPU). Renamed into place when complete; throws when it
/// cannot be written.
void save_png(const std::filesystem::path& path, const at::Tensor& image);

/// Reads a picture as [h, w, 3] uint8; grey and palette pictures are expanded, alpha is dropped.
at::Tensor load_png(const std::filesystem::path& path);

}  // namespace fdbench
