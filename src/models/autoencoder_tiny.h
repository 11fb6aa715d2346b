// diffusers' AutoencoderTiny (TAESD): a small decoder distilled from Stable Diffusion's.
#pragma once

#include "models/vae.h"

namespace fdbench {

class AutoencoderTiny : public Vae {
 public:
  /// Same contract as make_unet_2d_condition. The encoder's weights are checked, not kept.
  AutoencoderTiny(const nlohmann::json& config, Weights& weights,
                  const std::filesystem::path& place);
  ~AutoencoderTiny() override;

  /// Latents are divided by scaling_factor, as StableDiffusionPipeline does it: `shift_factor`,
  /// `latent_shift` and `latent_magnitude` take no part in decoding, in diffusers either.
  at::Tensor decode(const at::Tensor& latents) const override;
  /// By the number of decoder blocks: diffusers' pipelines choose the size of the latent by it
  /// whatever `upsampling_scaling_factor` says.
  std::int64_t factor() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
