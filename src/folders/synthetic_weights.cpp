#include "folders/synthetic_weights.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>
#include <xxhash.h>

#include <algorithm>
#include <cmath>

namespace fdbench {
namespace {

/// Values a thread fills at least.
constexpr std::int64_t kGrain = 1 << 14;
constexpr float kBiasBound = 0.05F;

/// The numbers of one tensor: uniform in [-bound, bound), a function of the position.
struct UniformNumbers {
  std::uint32_t first_key, second_key;
  float bound;

  /// Writes the values of positions begin to end - 1.
  template <typename Number>
  void fill(Number* out, std::int64_t begin, std::int64_t end) const {
    const float step = bound / static_cast<float>(1 << 23);
    for (std::int64_t i = begin; i < end; ++i) {
      // A hash of 32 bits by two rounds of xor-shift and multiplication; the keys come between
      // them, so that the streams of two tensors are not shifted copies of each other.
      std::uint32_t x = static_cast<std::uint32_t>(i) * 0x9e3779b9U ^ first_key;
      x = (x ^ (x >> 16)) * 0x21f0aaadU + second_key;
      x = (x ^ (x >> 15)) * 0x735a2d97U;
      x ^= x >> 15;
      const float value = static_cast<float>(static_cast<std::int32_t>(x) >> 8) * step;
      out[i] = static_cast<Number>(value);
    }
  }
};

/// Inputs that one output is summed from: [out, in] or [out, in, kernel height, kernel width].
std::int64_t fan_in(at::IntArrayRef shape) {
  std::int64_t product = 1;
  for (const std::int64_t side : shape.slice(1)) product *= side;
  return std::max<std::int64_t>(product, 1);
}

UniformNumbers numbers_of(std::uint64_t seed, const std::string& name, at::IntArrayRef shape) {
  const std::uint64_t key = XXH3_64bits_withSeed(name.data(), name.size(), seed);
  const float bound =
      shape.size() < 2 ? kBiasBound : std::sqrt(3.0F / static_cast<float>(fan_in(shape)));
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32), bound};
}

void fill_uniform(at::Tensor& tensor, const UniformNumbers& numbers) {
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, tensor.scalar_type(), "fill_uniform", [&] {
        scalar_t* out = tensor.mutable_data_ptr<scalar_t>();
        at::parallel_for(0, tensor.numel(), kGrain, [&](std::int64_t begin, std::int64_t end) {
          numbers.fill(out, begin, end);
        });
      });
}

}  // namespace

SyntheticWeights::SyntheticWeights(std::uint64_t seed, at::ScalarType dtype, at::Device device)
    : seed_(seed), dtype_(dtype), device_(device) {}

bool SyntheticWeights::contains(const std::string& /*name*/) const { return false; }

at::Tensor SyntheticWeights::take(const std::string& name, at::IntArrayRef shape) {
  const auto options = at::TensorOptions().dtype(dtype_);
  if (device_.is_meta()) return at::empty(shape, options.device(device_));
  if (shape.size() == 1 && name.ends_with("weight")) {
    return at::ones(shape, options.device(device_));
  }
  at::Tensor tensor = memory_.empty(shape, dtype_);
  if (tensor.numel() > 0) fill_uniform(tensor, numbers_of(seed_, name, shape));
  return tensor.to(device_);
}

}  // namespace fdbench
