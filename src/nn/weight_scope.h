// Where in a model's weights a layer stands: the prefix of its safetensors keys.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <utility>

#include "io/weights.h"

namespace fdbench {

/// A prefix of keys, which are diffusers' module names. `scope / "conv1"` is the sub-module conv1.
class WeightScope {
 public:
  explicit WeightScope(Weights& weights, std::string prefix = "")
      : weights_(&weights), prefix_(std::move(prefix)) {}

  WeightScope operator/(const std::string& name) const { return WeightScope(*weights_, key(name)); }
  WeightScope operator/(std::size_t index) const { return *this / std::to_string(index); }

  /// Tensor `<prefix>.<name>`. Throws when it is missing or its shape is not `shape`.
  at::Tensor take(const std::string& name, at::IntArrayRef shape) const {
    return weights_->take(key(name), shape);
  }
  bool contains(const std::string& name) const { return weights_->contains(key(name)); }
  const std::string& prefix() const { return prefix_; }

 private:
  std::string key(const std::string& name) const {
    return prefix_.empty() ? name : prefix_ + "." + name;
  }
  Weights* weights_;
  std::string prefix_;
};

}  // namespace fdbench
