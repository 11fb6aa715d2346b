// Text to picture, a task of one stage: text encoders, UNet and VAE of a model folder put together.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "folders/model_folder.h"
#include "models/vae.h"
#include "tasks/folder_task.h"
#include "tasks/prompt_encoder.h"
#include "tasks/task.h"

namespace fdbench {

/// The parts of a folder that were loaded. A part that the folder lacks is empty; asking for it is
/// a usage error.
class TextToImagePipeline : public Task {
 public:
  /// image_channels: of a picture that the UNet is shown beside its sample (a later stage of a
  /// cascade; see with_image). Throws a usage error for a folder that is not for text to picture:
  /// inpainting, upscaling, refiner.
  explicit TextToImagePipeline(const ModelFolder& folder, const TaskOptions& options = {},
                               std::int64_t image_channels = 0);

  std::span<const Stage> stages() const override { return {&stage_, 1}; }
  FolderScheduler scheduler(std::size_t) const override { return scheduler_config(folder_); }
  PromptPair encode(std::size_t stage, const PromptBatch& batch,
                    const at::Tensor& last) const override;
  std::int64_t factor(std::size_t) const override { return factor(); }
  at::Tensor decode(const at::Tensor& latents) const override;

  const Denoiser& unet() const { return *unet_; }
  bool has_text_encoder() const { return prompt_encoder_ != nullptr; }
  bool has_vae() const { return vae_ != nullptr; }
  at::ScalarType dtype() const { return dtype_; }
  at::Device device() const { return device_; }
  /// True when the weights are random: the pictures mean nothing.
  bool synthetic() const { return synthetic_; }

  /// True when guidance at this scale takes a second, unconditional half of the batch: above 1, but
  /// not where the guidance scale is an input of the network.
  bool guided(double guidance_scale) const;
  /// Picture pixels per latent pixel; Stable Diffusion's 8 for a folder without a VAE.
  std::int64_t factor() const;
  /// `size` with the model's own sides in place of 0. Throws a usage error where the UNet names no
  /// sample_size.
  PictureSize sized(PictureSize size) const;
  /// Size of the pictures of latents [n, c, h, w].
  PictureSize size_of(const at::Tensor& latents) const;

  /// What conditions the UNet, for n prompts: encoder_hidden_states [n, l, d], for SDXL text_embeds
  /// and time_ids too. size: of the pictures to be made, which SDXL is told. clip_skip: see
  /// PromptEncoder; diffusers skips no layer for negative prompts. Throws a usage error for a
  /// folder without a text encoder, and a runtime error where a state is not finite.
  Conditioning encode_prompts(const std::vector<std::string>& prompts, PictureSize size = {},
                              std::int64_t clip_skip = 0) const;
  /// What guidance points away from where there is no negative prompt, n times: the empty prompt;
  /// zeros for SDXL folders with `force_zeros_for_empty_prompt`.
  Conditioning encode_no_prompt(std::int64_t n, PictureSize size = {}) const;
  /// Adds what the control networks read to both sides of n pictures. images: of each network, one
  /// for all or one for each picture -> what each network is shown, [1 or n, 3, h, w]. Throws a
  /// usage error for other numbers, and what load_control_picture throws.
  std::vector<at::Tensor> show_controls(
      PromptPair& pair, const std::vector<std::vector<std::filesystem::path>>& images,
      std::int64_t n, PictureSize size) const;
  const std::vector<ControlSource>& controls() const { return controls_; }
  /// SDXL's [n, 6]: original height and width, crop corner (0, 0), target height and width.
  /// Undefined for other models.
  at::Tensor time_ids(std::int64_t n, PictureSize size) const;

 private:
  const PromptEncoder& prompt_encoder() const;
  Conditioning conditioning(const TextStates& states, PictureSize size) const;

  ModelFolder folder_;
  std::string path_;
  bool synthetic_, takes_time_ids_ = false;
  at::ScalarType dtype_;
  at::Device device_;
  std::unique_ptr<Denoiser> unet_;
  std::vector<ControlSource> controls_;
  Stage stage_;
  std::int64_t factor_;
  /// On the meta device while it is unread.
  mutable std::unique_ptr<Vae> vae_;
  /// Empty once it is read.
  mutable std::function<std::unique_ptr<Vae>()> read_vae_;
  std::unique_ptr<PromptEncoder> prompt_encoder_;
};

/// Picture pixels per latent pixel of a folder, without a look at weights: what the VAE's config
/// says, 8 without one.
std::int64_t picture_factor(const ModelFolder& folder);

/// Throws a usage error for a folder that can draw no pictures: without vae/, or with an
/// autoencoder of a class that is not supported.
void check_draws_pictures(const ModelFolder& folder);

}  // namespace fdbench
