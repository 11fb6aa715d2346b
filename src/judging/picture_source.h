// Pictures that anything made: a folder, an array, or one run of a result file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "io/npz.h"
#include "pictures/picture_size.h"

namespace fdbench {

/// Where pictures are.
struct PicturePath {
  std::filesystem::path path;
  /// Of a result file; "": its only one.
  std::string run = {};
  /// A folder's subfolders, too
  bool recursive = false;
};

class PictureSource {
 public:
  /// A folder of pictures (pictures_in), an .npz or .npy file with pictures, or one run of a result
  /// file. Reads every picture's header. Throws a usage error for an empty folder, a run that is
  /// not there or kept no pictures, and random weights; what picture_size throws.
  static PictureSource open(const PicturePath& where);
  /// Pictures under `arr_0` [n, h, w, 3] uint8, as guided-diffusion writes them. Throws a usage
  /// error for another array of that name.
  static PictureSource of_arrays(const NpzFile& file);
  /// True where a file of arrays holds pictures.
  static bool holds_pictures(const NpzFile& file);
  /// A result file, by content or name.
  static bool is_hdf5(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t count() const;
  PixelSize size(std::int64_t index) const;
  /// A folder's path below it, else "picture 7".
  std::string name(std::int64_t index) const;
  /// Of a folder, in natural order; empty for the others.
  const std::vector<std::string>& names() const { return names_; }
  /// Brings a folder's pictures into another order, or leaves some out. order: of their indices.
  void reorder(const std::vector<std::size_t>& order);
  /// The next `count` pictures, fewer at the end, none when there are no more: [h, w, 3] uint8
  /// each, of any sizes.
  std::vector<at::Tensor> next(std::int64_t count);
  /// Of each picture, where a result file knows them.
  const std::vector<std::string>& captions() const { return captions_; }

 private:
  explicit PictureSource(std::filesystem::path path) : path_(std::move(path)) {}
  void open_folder(bool recursive);

  std::filesystem::path path_;
  /// Of a folder.
  std::vector<std::string> names_;
  /// Of its pictures.
  std::vector<PixelSize> sizes_;
  /// Of the others.
  at::Tensor pictures_;
  std::vector<std::string> captions_;
  std::int64_t position_ = 0;
};

/// First and number of pictures of one size that follow each other.
std::vector<std::pair<std::size_t, std::size_t>> runs_of_a_size(
    const std::vector<at::Tensor>& pictures);

}  // namespace fdbench
