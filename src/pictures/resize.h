// Resizing as Pillow's Image.resize does it: what CLIP's processors and clean-fid rest on.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

namespace fdbench {

enum class Filter { kBilinear, kBicubic, kLanczos };
/// "bilinear", "bicubic", "lanczos". Throws a usage error that names the nearest one.
Filter parse_filter(const std::string& name);

/// picture: [h, w, c] uint8 -> [height, width, c] uint8. The filter is widened where the picture
/// shrinks (antialiasing); first along the rows, then along the columns, rounded after each, in
/// Pillow's fixed-point arithmetic: equal to it bit by bit. (Pillow 13 takes the columns first for
/// some shapes that are not square, which may round a value otherwise.)
at::Tensor resize(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                  Filter filter);

/// The same without rounding, as Pillow does for pictures of mode F: float32 -> float32, channel
/// by channel (clean-fid's way).
at::Tensor resize_float(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                        Filter filter);

}  // namespace fdbench
