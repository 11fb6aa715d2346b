// Edges of a picture, as networks that are controlled by edges are shown them.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// Under the names of cv2.Canny: threshold1, threshold2, apertureSize, L2gradient.
struct CannyOptions {
  double low = 100, high = 200;
  /// Side of the Sobel kernels: 3, 5 or 7 [pixels].
  int aperture = 3;
  /// Length of a gradient by its squares, in place of the sum of its parts.
  bool l2_gradient = false;
};

/// Throws a usage error for thresholds below 0, low above high, and for another aperture.
void check_canny(const CannyOptions& options);

/// picture: [h, w, 3] or [h, w] uint8 -> [h, w] uint8: 255 on an edge (Canny, 1986), else 0. By
/// OpenCV: in colour, the channel with the largest gradient of each pixel counts. Throws what
/// check_canny throws.
at::Tensor canny(const at::Tensor& picture, const CannyOptions& options);

}  // namespace fdbench
