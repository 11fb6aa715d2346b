// ATen's pixels as OpenCV takes them.
#pragma once

#include <ATen/ATen.h>

#include <opencv2/core.hpp>

namespace fdbench {

/// The same memory. tensor: [h, w] or [h, w, c], contiguous, uint8 or float32, which outlives it.
inline cv::Mat opencv_view(const at::Tensor& tensor) {
  const int depth = tensor.scalar_type() == at::kByte ? CV_8U : CV_32F;
  const int channels = tensor.dim() == 3 ? static_cast<int>(tensor.size(2)) : 1;
  return {static_cast<int>(tensor.size(0)), static_cast<int>(tensor.size(1)),
          CV_MAKETYPE(depth, channels), tensor.data_ptr()};
}

/// OpenCV works on the caller's thread from here on: the program has one pool of threads, ATen's.
inline void use_one_thread() { cv::setNumThreads(1); }

}  // namespace fdbench
