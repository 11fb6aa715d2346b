// Counts the parameters that a part of a model takes.
#pragma once

#include <string>
#include <utility>

#include "io/weights.h"

namespace fdbench {

class CountingWeights : public Weights {
 public:
  explicit CountingWeights(Weights& weights) : weights_(weights) {}

  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    at::Tensor tensor = weights_.take(name, shape);
    count_ += tensor.numel();
    return tensor;
  }
  bool contains(const std::string& name) const override { return weights_.contains(name); }
  void finish() override { weights_.finish(); }

  /// Parameters taken since the last call.
  std::int64_t count() { return std::exchange(count_, 0); }

 private:
  Weights& weights_;
  std::int64_t count_ = 0;
};

}  // namespace fdbench
