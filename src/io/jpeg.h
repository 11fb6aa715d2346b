// JPEG files, baseline and progressive, grey or colour.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>

namespace fdbench {

/// Reads a picture as [h, w, 3] uint8, the same values as Pillow's `convert("RGB")` of a grey or
/// colour file (libjpeg's own integer transform and smooth upsampling). Orientation in EXIF is left
/// aside, as Pillow does. Throws one line for a file that is damaged, cut short, or in four inks.
at::Tensor load_jpeg(const std::filesystem::path& path);

}  // namespace fdbench
