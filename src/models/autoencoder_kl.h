// diffusers' AutoencoderKL: pictures <-> latents.
#pragma once

#include "models/vae.h"

namespace fdbench {

class AutoencoderKL : public Vae {
 public:
  /// Same contract as make_unet_2d_condition.
  AutoencoderKL(const nlohmann::json& config, Weights& weights, const std::filesystem::path& place);
  ~AutoencoderKL() override;
  AutoencoderKL(AutoencoderKL&&) noexcept;

  /// latents: [n, c, h, w] as the sampler leaves them: here they are multiplied by latents_std,
  /// divided by scaling_factor, and latents_mean and shift_factor are added, where the config has
  /// them
  /// -> [n, 3, f*h, f*w] in about [-1, 1].
  at::Tensor decode(const at::Tensor& latents) const override;
  /// Mean of the posterior, scaled by scaling_factor. images: [n, 3, H, W] in [-1, 1] -> [n, c,
  /// H/f, W/f].
  at::Tensor encode(const at::Tensor& images) const;
  std::int64_t factor() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
