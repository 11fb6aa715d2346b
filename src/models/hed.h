// The edge network that controlnet_aux's scribbles are drawn from.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "nn/conv2d.h"

namespace fdbench {

/// Holistically-nested edge detection (Xie and Tu, 2015) as ControlNet trains it
/// (controlnet_aux's ControlNetHED_Apache2, ControlNetHED.pth): five stages of convolutions, each
/// with an edge map of its own.
class HedNetwork {
 public:
  /// file: safetensors with `norm`, `block1.convs.0.weight`, ..., `block5.projection.bias`. Throws
  /// a usage error for another file and for other keys.
  explicit HedNetwork(const std::filesystem::path& file);

  /// picture: [h, w, 3] uint8, at least 16 pixels a side -> the stages' maps before the sigmoid,
  /// [h, w], [h / 2, w / 2], ..., [h / 16, w / 16] float32 (sides rounded down). Throws a usage
  /// error for a smaller picture.
  std::vector<at::Tensor> operator()(const at::Tensor& picture) const;

 private:
  struct Stage {
    std::vector<Conv2d> convs;
    Conv2d projection;
  };
  /// [1, 3, 1, 1]
  at::Tensor norm_;
  std::vector<Stage> stages_;
};

}  // namespace fdbench
