// Text to picture, a task of one stage: text encoders, UNet and VAE of a model folder put together.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <vector>

#include "tasks/folder_task.h"
#include "tasks/picture_pipeline.h"
#include "tasks/prompt_encoder.h"

namespace fdbench {

class TextToImagePipeline final : public PicturePipeline {
 public:
  /// image_channels: of a picture that the UNet is shown beside its sample (a later stage of a
  /// cascade; see with_image). Throws a usage error for a folder that is not for text to picture:
  /// inpainting, upscaling, refiner.
  explicit TextToImagePipeline(const ModelFolder& folder, const TaskOptions& options = {},
                               std::int64_t image_channels = 0);

  FolderScheduler scheduler(std::size_t) const override { return scheduler_config(folder()); }
  PromptPair encode(std::size_t stage, const PromptBatch& batch,
                    const at::Tensor& last) const override;

  bool has_text_encoder() const { return prompt_encoder_ != nullptr; }
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

  bool takes_time_ids_ = false;
  std::vector<ControlSource> controls_;
  std::unique_ptr<PromptEncoder> prompt_encoder_;
};

}  // namespace fdbench
