#include "tasks/control_preprocessors.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "models/hed.h"
#include "pictures/opencv_resize.h"
#include "pictures/resize.h"
#include "pictures/scribble.h"

namespace fdbench {
namespace {

/// [pixels] Sides of the original's pictures are multiples of it.
constexpr double kOriginalStep = 64;

std::string size_text(std::int64_t height, std::int64_t width) {
  return std::to_string(width) + "x" + std::to_string(height);
}

/// The largest part around the middle that has the wanted shape, its sides rounded down.
at::Tensor middle(const at::Tensor& picture, PixelSize size) {
  const std::int64_t h = picture.size(0), w = picture.size(1);
  const bool is_wide = w * size.height > h * size.width;
  const std::int64_t height = is_wide ? h : std::max<std::int64_t>(w * size.height / size.width, 1);
  const std::int64_t width = is_wide ? std::max<std::int64_t>(h * size.width / size.height, 1) : w;
  return picture.narrow(0, (h - height) / 2, height).narrow(1, (w - width) / 2, width);
}

at::Tensor sized_as_original(const at::Tensor& picture, PixelSize size) {
  const auto h = static_cast<double>(picture.size(0)), w = static_cast<double>(picture.size(1));
  const auto edge = static_cast<double>(std::min(size.height, size.width));
  const double factor = edge / std::min(h, w);
  const auto rounded = [&](double side) {
    // To the even number at the half, as np.round.
    return static_cast<std::int64_t>(std::nearbyint(side * factor / kOriginalStep) * kOriginalStep);
  };
  const std::int64_t height = rounded(h), width = rounded(w);
  if (height != size.height || width != size.width) {
    throw usage_error("the original's way makes " + size_text(height, width) +
                      " pixels of this picture of " + size_text(picture.size(0), picture.size(1)) +
                      ", the pictures have " + size_text(size.height, size.width) +
                      ": give that --width and --height, or --control-variant authors");
  }
  return opencv_resize(picture, height, width,
                       factor > 1 ? OpencvFilter::kLanczos4 : OpencvFilter::kArea);
}

}  // namespace

const std::vector<std::string>& control_kinds() {
  static const std::vector<std::string> kinds = {"none", "canny", "scribble"};
  return kinds;
}

const std::vector<std::string>& control_variants() {
  static const std::vector<std::string> variants = {"authors", "original"};
  return variants;
}

at::Tensor sized_for_control(const at::Tensor& picture, PixelSize size,
                             const std::string& variant) {
  if (variant == "original") return sized_as_original(picture, size);
  return resize(middle(picture, size), size.height, size.width, Filter::kBicubic);
}

at::Tensor control_map(const at::Tensor& picture, const ControlPreprocessing& preprocessing) {
  if (preprocessing.from == "canny") return canny(picture, preprocessing.canny);
  const HedNetwork network(preprocessing.hed);
  const at::Tensor edges = merged_edge_map(network(picture), picture.size(0), picture.size(1));
  return fake_scribble(edges);
}

}  // namespace fdbench
