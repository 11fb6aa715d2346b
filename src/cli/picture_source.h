// Pictures that anything made: a folder, an array, or one run of a result file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/npz.h"

namespace fdbench {

class PictureSource {
 public:
  /// path: a folder of PNG or JPEG files (in the order of their names), an .npz file with
  /// pictures, or a result file (.h5), of which `run` is one ("": its only one). Throws a usage
  /// error for an empty folder, a run that is not there or kept no pictures, and random weights.
  static PictureSource open(const std::filesystem::path& path, const std::string& run);
  /// Pictures under `arr_0` [n, h, w, 3] uint8, as guided-diffusion writes them. Throws a usage
  /// error for another array of that name.
  static PictureSource of_arrays(const std::filesystem::path& path, const NamedArrays& arrays);
  /// True for arrays that hold pictures and neither features nor statistics.
  static bool are_in(const NamedArrays& arrays);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t count() const;
  /// The next `count` pictures, fewer at the end: [n, h, w, 3] uint8; undefined when there are no
  /// more. Throws a usage error for one of another size than the first.
  at::Tensor next(std::int64_t count);
  /// Of each picture, where a result file knows them.
  const std::vector<std::string>& captions() const { return captions_; }

 private:
  explicit PictureSource(std::filesystem::path path) : path_(std::move(path)) {}
  at::Tensor next_file();

  std::filesystem::path path_;
  std::vector<std::filesystem::path> files_;  // of a folder
  at::Tensor pictures_;                       // of the others
  std::vector<std::string> captions_;
  std::int64_t position_ = 0;
  std::vector<std::int64_t> shape_;  // of a folder's first picture
};

}  // namespace fdbench
