#include "io/synthetic_weights.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "core/hash.h"

namespace fdbench {
namespace {

/// splitmix64 (Steele, Lea and Flood 2014): a bijection that turns a counter into well mixed bits.
std::uint64_t mixed(std::uint64_t bits) {
  bits += 0x9e3779b97f4a7c15ULL;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

/// values[i] uniform in [-bound, bound) from the counter start + i / 4: four values of 16 bits
/// each.
template <typename T>
void fill_uniform(T* values, std::int64_t count, float bound, std::uint64_t start) {
  constexpr std::int64_t kGrain = 1 << 16;
  const float step = bound / 32768.0F;
  at::parallel_for(0, (count + 3) / 4, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t block = begin; block < end; ++block) {
      std::uint64_t bits = mixed(start + static_cast<std::uint64_t>(block));
      const std::int64_t last = std::min<std::int64_t>(count, 4 * block + 4);
      for (std::int64_t i = 4 * block; i < last; ++i, bits >>= 16) {
        values[i] = static_cast<T>(step * (static_cast<float>(bits & 0xffff) - 32767.5F));
      }
    }
  });
}

}  // namespace

SyntheticWeights::SyntheticWeights(std::uint64_t seed, at::ScalarType dtype, at::Device device)
    : seed_(seed), dtype_(dtype), device_(device) {}

at::Tensor SyntheticWeights::take(const std::string& name, at::IntArrayRef shape) {
  const auto options = at::TensorOptions().dtype(dtype_);
  if (name.ends_with("position_ids")) return at::arange(shape.back(), at::kLong).view(shape);
  if (device_.is_meta()) return at::empty(shape, options.device(device_));
  if (shape.size() < 2)
    return at::full(shape, name.ends_with("bias") ? 0.0 : 1.0, options.device(device_));
  at::Tensor values = at::empty(shape, options);
  const std::int64_t fan_in = values.numel() / shape[0];
  const auto bound = static_cast<float>(1 / std::sqrt(static_cast<double>(fan_in)));
  const std::uint64_t start =
      mixed(seed_) ^ std::stoull(content_hash(name).substr(0, 15), nullptr, 16);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, dtype_, "synthetic_weights", [&] {
    fill_uniform(values.mutable_data_ptr<scalar_t>(), values.numel(), bound, start);
  });
  return values.to(device_);
}

}  // namespace fdbench
