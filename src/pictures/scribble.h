// From the maps of an edge network to strokes such as people draw them.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace fdbench {

/// maps: [h', w'] float32 each, before the sigmoid -> [height, width] uint8: their mean after
/// bilinear resizing (OpenCV's), through the sigmoid, times 255, cut off. As controlnet_aux's
/// HEDdetector.
at::Tensor merged_edge_map(const std::vector<at::Tensor>& maps, std::int64_t height,
                           std::int64_t width);

/// edges: [h, w] uint8 -> [h, w] uint8, 0 or 255. Blur of 3 pixels; what is above 127 and the most
/// of a line of three pixels, in any of the four directions, stays; blur of 3 pixels; what is above
/// 4 becomes 255. As the original's and controlnet_aux's nms(..., 127, 3.0) and what follows it.
at::Tensor fake_scribble(const at::Tensor& edges);

}  // namespace fdbench
