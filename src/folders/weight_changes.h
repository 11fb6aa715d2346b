// What is done to a stored tensor before a layer takes it.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "io/safetensors.h"

namespace fdbench {

/// scale x up x down: down [r, in] or [r, in, kh, kw]; up [out, r] or [out, r, 1, 1]; mid undefined
/// or [r, r, kh, kw] between the two.
struct LowRankChange {
  at::Tensor down, up, mid;
  double scale = 1;
};

/// The changes of one tensor, in the order in which they are made.
struct TensorChange {
  /// In place of the stored one; undefined: the stored one stays.
  at::Tensor replacement;
  std::vector<LowRankChange> added;
  /// [n, d] each, put behind the stored rows.
  std::vector<at::Tensor> rows;
};

/// By the tensor's name.
using PartChanges = std::map<std::string, TensorChange>;

/// The shape of what the change adds, of a layer whose weight has as many dimensions as `weight`.
std::vector<std::int64_t> change_shape(const LowRankChange& change, at::IntArrayRef weight);

/// stored: float32 on the CPU, changed in place where that is possible. -> float32. All that is
/// computed is computed in float32.
/// Source: PEFT's LoraLayer.get_delta_weight (linear and convolution layers); LoCon's three factors
/// as LyCORIS' rebuild_tucker has them.
at::Tensor changed(at::Tensor stored, const TensorChange& change);

/// The tensor as it is stored. Throws a usage error that names file and key unless it holds
/// floating-point numbers (an alpha may be whole), all of them finite.
at::Tensor finite_numbers(const SafetensorsFile& file, const std::string& key);

}  // namespace fdbench
