#include "tasks/picture_noise.h"

#include <utility>

#include "core/random.h"

namespace fdbench {

PictureNoise::PictureNoise(std::uint64_t seed, const std::vector<std::int64_t>& pictures,
                           std::vector<std::int64_t> shape)
    : shape_(std::move(shape)) {
  for (const std::int64_t picture : pictures) {
    seeds_.push_back(seed + static_cast<std::uint64_t>(picture));
    generators_.push_back(picture_generator(seed, picture));
  }
}

at::Tensor PictureNoise::draw() { return draw_noise(generators_, shape_); }

NoiseSource PictureNoise::source() {
  return [this] { return draw(); };
}

std::uint64_t seed_of_stage(std::uint64_t seed, std::size_t stage) {
  return stage == 0 ? seed : mixed_seed(seed, stage);
}

at::Tensor starting_latents(const at::Tensor& noise, const Sampler& sampler,
                            const Denoiser& denoiser) {
  return noise.to(denoiser.info().device, denoiser.info().dtype) * sampler.init_noise_sigma();
}

}  // namespace fdbench
