// What a control network is shown, made from an ordinary picture.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <string>
#include <vector>

#include "pictures/canny.h"
#include "pictures/picture_size.h"

namespace fdbench {

/// How control pictures come about.
struct ControlPreprocessing {
  /// "none": it is a control picture; "canny", "scribble".
  std::string from = "none";
  CannyOptions canny = {};
  /// Weights of the edge network of `scribble`.
  std::filesystem::path hed = {};
  /// How a picture is brought to size: "authors" or "original".
  std::string variant = "authors";

  bool wanted() const { return from != "none"; }
};

/// none, canny, scribble.
const std::vector<std::string>& control_kinds();
/// authors, original.
const std::vector<std::string>& control_variants();

/// Brings a picture to the size of the pictures that are made. authors: the middle of the picture
/// is cut out in their shape, then Pillow's bicubic filter (Faster-Diffusion's evaluation).
/// original: by OpenCV so that the shorter side is theirs, sides rounded to multiples of 64
/// (Lanczos where it grows, else by area: ControlNet's annotator/util.py). picture: [h, w, 3]
/// uint8. Throws a usage error where that gives another size.
at::Tensor sized_for_control(const at::Tensor& picture, PixelSize size, const std::string& variant);

/// picture: [h, w, 3] uint8, of the right size -> [h, w] uint8: white edges or strokes on black.
/// Throws what canny and HedNetwork throw.
at::Tensor control_map(const at::Tensor& picture, const ControlPreprocessing& preprocessing);

}  // namespace fdbench
