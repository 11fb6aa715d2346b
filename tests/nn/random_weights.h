// Weights for tests: each tensor is drawn when it is asked for, from a seed that its name gives.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/random.h"
#include "io/weights.h"

namespace fdbench {

class RandomWeights : public Weights {
 public:
  explicit RandomWeights(at::ScalarType dtype = at::kFloat) : dtype_(dtype) {}

  at::Tensor take(const std::string& name, at::IntArrayRef shape) override {
    taken.insert(name);
    at::Generator generator = picture_generator(std::hash<std::string>{}(name) % 100000, 0);
    const double scale = shape.size() > 1 ? 0.1 : 0.5;
    return draw_noise(generator, shape).squeeze(0).mul(scale).to(dtype_);
  }
  bool contains(const std::string& name) const override { return names.contains(name); }
  void finish() override { finished = true; }

  std::set<std::string> taken;
  std::set<std::string> names;  // what contains() knows
  bool finished = false;

 private:
  at::ScalarType dtype_;
};

/// Unit Gaussian noise of the shape, the same at every call with the same seed.
inline at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed = 0) {
  at::Generator generator = picture_generator(seed, 0);
  return draw_noise(generator, shape).squeeze(0);
}

/// Largest absolute difference.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace fdbench
