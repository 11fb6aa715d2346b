// Resizing as OpenCV's cv2.resize does it: what ControlNet's annotators rest on.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace fdbench {

enum class OpencvFilter { kLanczos4, kArea };

/// picture: [h, w, 3] uint8 -> [height, width, 3] uint8. Without antialiasing but for kArea.
at::Tensor opencv_resize(const at::Tensor& picture, std::int64_t height, std::int64_t width,
                         OpencvFilter filter);

}  // namespace fdbench
