// How pictures are brought into the form that a vision tower was trained on.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "pictures/resize.h"

namespace fdbench {

/// transformers' CLIPImageProcessor, from its preprocessor_config.json.
class ImageProcessor {
 public:
  /// Throws a usage error with the file's name for values that are not supported.
  explicit ImageProcessor(const std::filesystem::path& config);

  /// picture: [h, w, 3] uint8 -> [3, H, W] float32. In this order, each where the file asks for it:
  /// resize (the shorter side, or both), cut out the middle, scale, normalise.
  at::Tensor operator()(const at::Tensor& picture) const;

 private:
  at::Tensor resized(const at::Tensor& picture) const;
  at::Tensor cropped(const at::Tensor& picture) const;

  std::optional<std::int64_t> shortest_edge_;
  /// 0: by the shorter side, or not at all.
  std::int64_t height_ = 0, width_ = 0;
  /// 0: nothing is cut off.
  std::int64_t crop_height_ = 0, crop_width_ = 0;
  Filter filter_ = Filter::kBicubic;
  double scale_ = 1;
  /// [3, 1, 1]; undefined: not normalised.
  at::Tensor mean_, std_;
};

}  // namespace fdbench
