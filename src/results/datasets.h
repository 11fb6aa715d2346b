// The one table of the arrays in a result file; the writer and `fdbench schema` follow from it.
#pragma once

#include <ATen/ATen.h>

#include <span>
#include <string>
#include <vector>

namespace fdbench {

/// An array of numbers. Axes are named by letters: R run, G stage, P picture, K kept picture, S
/// step (of the stage), B block (watched), L layer (both stage by stage), N round; c, y, x:
/// channels, height and width of latents; h, w: of pictures; 3: colours.
struct DatasetInfo {
  const char* name;
  const char* axes;
  at::ScalarType dtype;
  /// Of what was not measured.
  double fill;
  const char* unit;
  const char* help;
};

std::span<const DatasetInfo> datasets();

/// Throws a runtime error when there is no such dataset.
const DatasetInfo& dataset_info(const std::string& name);

/// The dimension scale of an axis letter ("/scale/run"), "" for axes without one.
std::string scale_of_axis(char axis);

/// "u1", "i4", "f8", ...: NumPy's names.
std::string numpy_dtype(at::ScalarType dtype);

}  // namespace fdbench
