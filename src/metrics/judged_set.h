// A set of pictures as judges see it: features, or what is left of them in a reference file.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "io/npz.h"
#include "metrics/moments.h"

namespace fdbench {

/// Of a feature network; undefined where it does not give them.
struct Features {
  at::Tensor pooled;   // [n, d]
  at::Tensor spatial;  // [n, s], for sFID
  at::Tensor logits;   // [n, classes], for the Inception score
};

struct JudgedSet {
  std::string name;   // for messages: the path
  Features features;  // undefined where only moments are known
  std::optional<Moments> moments, spatial_moments;
  std::string network;  // hash of the network and its protocol; "": not known
  std::string hash;     // of the numbers
};

/// Reads features (`features` [n, d], also `spatial`, `logits`), moments under the names of clean
/// and pytorch-fid (`mu`, `sigma`) or of guided-diffusion (`mu_s`, `sigma_s` for the spatial ones),
/// or both, from an .npz file. Throws an error in one line for a file without any of them, shapes
/// that do not fit each other, and numbers that are not finite.
JudgedSet load_judged_set(const std::filesystem::path& path);

/// The same from a file that is read already.
JudgedSet judged_set_of(const std::filesystem::path& path, const NamedArrays& arrays);

/// From features that were just computed.
JudgedSet judged_set(std::string name, Features features, std::string network);

/// Writes `mu`, `sigma`, `mu_s`, `sigma_s`, `count` and the network's hash; with `keep_features`
/// the features, too.
void save_judged_set(const std::filesystem::path& path, const JudgedSet& set, bool keep_features);

}  // namespace fdbench
