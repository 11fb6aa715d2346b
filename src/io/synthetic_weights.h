// Weights of synthetic models: the shapes are real, the values random.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "io/weights.h"

namespace fdbench {

/// Makes each tensor when it is asked for, in the wanted dtype at once; it depends on the seed, its
/// name and shape only. Matrices and kernels: uniform with variance 1 / (3 fan-in) as torch.nn
/// initialises them; other tensors: 1 for the weights of norms, 0 for biases; so activations stay
/// in range over a whole run.
class SyntheticWeights : public Weights {
 public:
  SyntheticWeights(std::uint64_t seed, at::ScalarType dtype, at::Device device);

  at::Tensor take(const std::string& name, at::IntArrayRef shape) override;
  /// True for no name: a model then takes the newest of several spellings of its keys.
  bool contains(const std::string& name) const override { return false; }
  void finish() override {}

 private:
  std::uint64_t seed_;
  at::ScalarType dtype_;
  at::Device device_;
};

}  // namespace fdbench
