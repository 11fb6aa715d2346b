#include "core/random.h"

#include <ATen/CPUGeneratorImpl.h>

namespace fdbench {

at::Generator picture_generator(std::uint64_t seed, std::int64_t picture) {
  return at::detail::createCPUGenerator(seed + static_cast<std::uint64_t>(picture));
}

at::Tensor draw_noise(at::Generator& generator, at::IntArrayRef shape) {
  std::vector<std::int64_t> sizes = {1};
  sizes.insert(sizes.end(), shape.begin(), shape.end());
  return at::randn(sizes, generator, at::TensorOptions().dtype(at::kFloat));
}

at::Tensor draw_noise(std::vector<at::Generator>& generators, at::IntArrayRef shape) {
  std::vector<at::Tensor> noise;
  for (at::Generator& generator : generators) noise.push_back(draw_noise(generator, shape));
  return at::cat(noise, 0);
}

std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t bits = seed + (number + 1) * 0x9E3779B97F4A7C15;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
  return bits ^ (bits >> 31);
}

}  // namespace fdbench
