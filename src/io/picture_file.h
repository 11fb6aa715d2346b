// Pictures in files of the kinds that can be read.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

namespace fdbench {

/// True for a name that ends with .png, .jpg or .jpeg, in any case.
bool is_picture_name(const std::filesystem::path& path);

/// [h, w, 3] uint8, by the ending of the name. Throws what load_png and load_jpeg throw.
at::Tensor load_picture(const std::filesystem::path& path);

}  // namespace fdbench
