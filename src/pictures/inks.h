// Pictures in the four inks of print.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// inks: [h, w, 4] uint8, cyan, magenta, yellow and black, 255 the most -> [h, w, 3] uint8, RGB
/// with Pillow's formula (libImaging/Convert.c: (255 - k) (255 - c) / 255, rounded), without a
/// colour profile.
at::Tensor rgb_of_inks(const at::Tensor& inks);

}  // namespace fdbench
