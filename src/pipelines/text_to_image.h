// Text to picture: tokenizer, text encoder, UNet and VAE of a model folder put together.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/model_folder.h"
#include "models/autoencoder_kl.h"
#include "models/clip_text.h"
#include "models/denoiser.h"
#include "text/clip_tokenizer.h"

namespace fdbench {

/// The parts of a folder that were loaded. A part that the folder lacks is empty; asking for it is
/// a usage error.
class TextToImagePipeline {
 public:
  TextToImagePipeline(const ModelFolder& folder, at::ScalarType dtype, at::Device device);

  const Denoiser& unet() const { return *unet_; }
  /// True when it can read prompts.
  bool has_text_encoder() const {
    return synthetic_config_.has_value() || (text_encoder_ != nullptr && tokenizer_ != nullptr);
  }
  /// True for random weights: its pictures mean nothing.
  bool is_synthetic() const { return synthetic_config_.has_value(); }
  bool has_vae() const { return vae_ != nullptr; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }

  /// Picture pixels per latent pixel; Stable Diffusion's 8 for a folder without a VAE.
  std::int64_t factor() const;

  /// Prompts -> encoder_hidden_states [n, l, d]. Throws a usage error for a folder without a text
  /// encoder, or with two (SDXL).
  Conditioning encode_prompts(const std::vector<std::string>& prompts) const;
  /// Final latents [n, c, h, w] -> pictures [n, H, W, 3] uint8 on the CPU.
  at::Tensor decode(const at::Tensor& latents) const;

 private:
  std::string path_;
  std::optional<nlohmann::json> synthetic_config_;  // of the UNet, for a synthetic model's prompts
  bool has_two_text_encoders_ = false;
  at::ScalarType dtype_;
  at::Device device_;
  std::unique_ptr<Denoiser> unet_;
  std::unique_ptr<AutoencoderKL> vae_;
  std::unique_ptr<CLIPTextModel> text_encoder_;
  std::unique_ptr<CLIPTokenizer> tokenizer_;
};

/// scheduler_config.json as diffusers' pipeline for this folder uses it: StableDiffusionPipeline
/// replaces a `steps_offset` other than 1 and a true `clip_sample`, which old folders carry, by 1
/// and false. Unchanged where model_index.json names no StableDiffusionPipeline.
nlohmann::json scheduler_config(const ModelFolder& folder);

}  // namespace fdbench
