// All noise of a batch of pictures: what they start from, and what a stochastic sampler adds on the
// way.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "models/denoiser.h"
#include "samplers/sampler.h"

namespace fdbench {

/// Each picture draws from its own generator, so that it gets the same noise in any batch.
class PictureNoise {
 public:
  /// pictures: indices in the run, n of them. shape: [c, h, w].
  PictureNoise(std::uint64_t seed, const std::vector<std::int64_t>& pictures,
               std::vector<std::int64_t> shape);

  /// Unit noise [n, c, h, w], float32 on the CPU; fresh at each call.
  at::Tensor draw();
  /// Of each picture, [n], for random choices besides the noise.
  const std::vector<std::uint64_t>& seeds() const { return seeds_; }
  /// `draw` for a sampler. The source refers to this object.
  NoiseSource source();

 private:
  std::vector<std::uint64_t> seeds_;
  std::vector<at::Generator> generators_;
  std::vector<std::int64_t> shape_;
};

/// Each stage of a task draws from numbers of its own; the first one's are those of the seed.
std::uint64_t seed_of_stage(std::uint64_t seed, std::size_t stage);

/// Unit noise -> latents that a run starts from, in the model's dtype and on its device.
at::Tensor starting_latents(const at::Tensor& noise, const Sampler& sampler,
                            const Denoiser& denoiser);

}  // namespace fdbench
