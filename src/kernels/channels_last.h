// Channels-last memory: the channels of a pixel lie side by side, so that a feature map is a matrix
// of pixels.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// Elements from one pixel to the next. x: [n, c, h, w].
std::int64_t pixel_stride(const at::Tensor& x);

/// True where the channels of a pixel lie side by side and pixel follows pixel at a fixed distance,
/// as in a channels-last tensor or in some of its channels.
bool has_pixel_rows(const at::Tensor& x);

/// x itself where it `has_pixel_rows`, else a channels-last copy. x: [n, c, h, w].
at::Tensor pixel_rows(const at::Tensor& x);

/// x: [n, c, h, w] with pixel rows -> [n, h * w, c], a view.
at::Tensor as_tokens(const at::Tensor& x);

/// tokens: [n, h * w, c] contiguous -> [n, c, h, w] channels last, a view.
at::Tensor as_feature_map(const at::Tensor& tokens, std::int64_t height, std::int64_t width);

}  // namespace fdbench
