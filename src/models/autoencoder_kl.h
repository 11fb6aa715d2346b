// diffusers' AutoencoderKL: pictures <-> latents.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "io/weights.h"

namespace fdbench {

class AutoencoderKL {
 public:
  /// Same contract as make_unet_2d_condition.
  AutoencoderKL(const nlohmann::json& config, Weights& weights, const std::filesystem::path& place);
  ~AutoencoderKL();
  AutoencoderKL(AutoencoderKL&&) noexcept;

  /// latents: [n, c, h, w] as the sampler leaves them: here they are multiplied by latents_std,
  /// divided by scaling_factor, and latents_mean and shift_factor are added, where the config has
  /// them
  /// -> [n, 3, f*h, f*w] in about [-1, 1].
  at::Tensor decode(const at::Tensor& latents) const;
  /// Mean of the posterior, scaled by scaling_factor. images: [n, 3, H, W] in [-1, 1] -> [n, c,
  /// H/f, W/f].
  at::Tensor encode(const at::Tensor& images) const;
  /// f: picture pixels per latent pixel, 2^(blocks - 1).
  std::int64_t factor() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Pictures as diffusers' VaeImageProcessor makes them. decoded: [n, 3, h, w] -> [n, h, w, 3] uint8
/// on the CPU.
at::Tensor to_pictures(const at::Tensor& decoded);

}  // namespace fdbench
