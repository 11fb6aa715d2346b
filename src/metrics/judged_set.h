// A set of pictures as judges see it: features, or what is left of them in a reference file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/npz.h"
#include "metrics/moments.h"

namespace fdbench {

/// Of a feature network; undefined where it does not give them.
struct Features {
  /// [n, d]
  at::Tensor pooled;
  /// [n, s], for sFID.
  at::Tensor spatial;
  /// [n, classes], for the Inception score.
  at::Tensor logits;
};

struct JudgedSet {
  /// For messages: the path.
  std::string name;
  /// Undefined where only moments are known.
  Features features;
  std::optional<Moments> moments, spatial_moments;
  /// Hash of the network and its protocol; "": not known.
  std::string network;
  /// Of the numbers.
  std::string hash;
  /// Their names; empty: not known.
  std::vector<std::string> pictures;
};

/// Row of the first true value. truths: [n, ...] bool, one of them true.
std::int64_t first_true(const at::Tensor& truths);
/// "row 7 (0007.png)".
std::string row_text(const JudgedSet& set, std::int64_t row);

/// What is read of a file where it is there; the rest of the file may be anything.
struct WantedArrays {
  bool features = true;
  /// mu and sigma; without them those of the features.
  bool moments = true;
  /// mu_s, sigma_s and the spatial features.
  bool spatial = false;
  bool logits = false;
};

/// Name of the array of features in a file: `features`, clean-fid's `feats`, or an array without a
/// name (`arr_0`, the one of an .npy file) of two axes; "": none.
std::string features_array(const NpzFile& file);

/// Reads features [n, d] (also `spatial`, `logits`), moments under the names of clean and
/// pytorch-fid (`mu`, `sigma`) or of guided-diffusion (`mu_s`, `sigma_s` for the spatial ones), or
/// both. Throws an error in one line for a file without any of them, shapes that do not fit each
/// other, covariances that are none, and numbers that are not finite.
JudgedSet load_judged_set(const std::filesystem::path& path, const WantedArrays& wanted = {});
JudgedSet judged_set_of(const NpzFile& file, const WantedArrays& wanted = {});

/// From features that were just computed. pictures: their names, or empty. Throws a runtime error
/// for values that are not finite, with the row.
JudgedSet judged_set(std::string name, Features features, std::string network,
                     std::vector<std::string> pictures = {});

/// Writes `mu`, `sigma`, `mu_s`, `sigma_s`, `count` and the network's hash; with `keep_features`
/// the features, too.
void save_judged_set(const std::filesystem::path& path, const JudgedSet& set, bool keep_features);

}  // namespace fdbench
