// Random numbers: picture i of a run depends on the seed and on i only, never on batch, thread
// count, shard or order.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

namespace fdbench {

/// A CPU generator that starts as `torch.Generator("cpu").manual_seed(seed + picture)` does.
at::Generator picture_generator(std::uint64_t seed, std::int64_t picture);

/// Unit Gaussian noise for one picture, float32 on the CPU. shape: [c, h, w] -> [1, c, h, w].
/// Equals `torch.randn((1, c, h, w), generator=...)`, which is what diffusers draws for a single
/// prompt.
at::Tensor draw_noise(at::Generator& generator, at::IntArrayRef shape);

/// Noise of several pictures, each drawn from its own generator. -> [n, c, h, w], float32.
at::Tensor draw_noise(std::vector<at::Generator>& generators, at::IntArrayRef shape);

/// A number that follows from both and looks like chance (SplitMix64, Steele et al. 2014): other
/// numbers give unrelated results.
std::uint64_t mixed_seed(std::uint64_t seed, std::uint64_t number);

}  // namespace fdbench
