// The convention for batches: a tensor of batch m stands, where a batch of n is wanted and m
// divides n, for its repetition n / m times (all of copy 0, all of copy 1, ...).
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// x repeated to `batch` entries along its first dimension; x itself where it has them or is
/// undefined.
inline at::Tensor repeat_batch(const at::Tensor& x, std::int64_t batch) {
  if (!x.defined() || x.size(0) == batch) return x;
  std::vector<std::int64_t> repeats(static_cast<std::size_t>(x.dim()), 1);
  repeats[0] = batch / x.size(0);
  return x.repeat(repeats);
}

}  // namespace fdbench
