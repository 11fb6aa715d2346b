// Random weights in place of a file: for what depends on a model's shape alone, such as its speed.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "io/recycled_memory.h"
#include "io/weights.h"

namespace fdbench {

/// Any tensor that is asked for, drawn from (seed, name, position), so that neither the order of
/// the requests nor the number of threads matters; in another dtype the same numbers rounded.
///
/// Matrices and kernels are uniform with the variance 1 / fan_in, which keeps each layer's output
/// near the scale of its normalised input, so that a UNet stays finite over any number of steps in
/// float16 and bfloat16 too. Weights of norms are 1, biases uniform in [-0.05, 0.05].
class SyntheticWeights : public Weights {
 public:
  SyntheticWeights(std::uint64_t seed, at::ScalarType dtype, at::Device device);

  /// Made in the dtype directly, by all threads.
  at::Tensor take(const std::string& name, at::IntArrayRef shape) override;
  /// False: what a model can do without is left out.
  bool contains(const std::string& name) const override;
  void finish() override {}

 private:
  std::uint64_t seed_;
  at::ScalarType dtype_;
  at::Device device_;
  RecycledMemory memory_;
};

}  // namespace fdbench
