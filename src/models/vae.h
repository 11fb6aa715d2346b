// What makes pictures of latents: the autoencoders of a folder's vae/.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"

namespace fdbench {

class Vae {
 public:
  virtual ~Vae() = default;

  /// latents: [n, c, h, w] as the sampler leaves them -> [n, 3, f*h, f*w] in about [-1, 1].
  virtual at::Tensor decode(const at::Tensor& latents) const = 0;
  /// f: picture pixels per latent pixel, as diffusers' pipelines count them: 2^(blocks - 1).
  virtual std::int64_t factor() const = 0;
};

/// The class that vae/config.json names: AutoencoderKL (also where it names none) or
/// AutoencoderTiny. Same contract as make_unet_2d_condition; a usage error for other classes.
std::unique_ptr<Vae> make_vae(const nlohmann::json& config, Weights& weights,
                              const std::filesystem::path& place);

/// Throws a usage error for a class that make_vae does not know.
void check_vae_class(const nlohmann::json& config, const std::filesystem::path& place);

/// `Vae::factor` by the config alone, of any class of diffusers: 2^(blocks - 1) of
/// `block_out_channels`, 8 where it has none.
std::int64_t vae_factor(const nlohmann::json& config);

/// Pictures as diffusers' VaeImageProcessor makes them. decoded: [n, 3, h, w] -> [n, h, w, 3] uint8
/// on the CPU.
at::Tensor to_pictures(const at::Tensor& decoded);

}  // namespace fdbench
