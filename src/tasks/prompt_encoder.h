// Prompts -> what conditions a UNet, by the text encoders of a model folder.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "folders/model_folder.h"
#include "models/unet_config.h"

namespace fdbench {

/// n prompts, each l tokens long.
struct TextStates {
  /// [n, l, d]
  at::Tensor hidden_states;
  /// [n, p], SDXL only; undefined elsewhere.
  at::Tensor pooled;
};

class PromptEncoder {
 public:
  virtual ~PromptEncoder() = default;

  /// clip_skip: that many of the encoders' last layers are left out, as in diffusers' pipelines.
  /// Those whose states are random (synthetic models) do not look at it.
  virtual TextStates encode(const std::vector<std::string>& prompts,
                            std::int64_t clip_skip = 0) const = 0;
  /// What guidance points away from when nobody gave a negative prompt: the empty prompt, n times.
  virtual TextStates encode_nothing(std::int64_t n) const;
};

/// The encoder that the folder's parts call for:
/// - a synthetic model: unit Gaussian states drawn from a hash of each prompt's text, as wide as
///   the UNet wants them (no vocabulary comes with fdbench, and on random weights a text means
///   nothing anyway);
/// - text_encoder and tokenizer (SD 1.x, SD 2.x): CLIP's last hidden state;
/// - two of each (SDXL): both encoders' hidden_states[-2] joined, the second one's text_embeds, and
///   zeros in place of an empty negative prompt where `zeros_for_empty_prompt`.
/// nullptr where the folder has neither. Throws a usage error when half of a pair is missing and
/// when the UNet wants text of another width.
std::unique_ptr<PromptEncoder> make_prompt_encoder(const ModelFolder& folder, at::ScalarType dtype,
                                                   at::Device device);

/// Throws a usage error unless the folder's text encoders have as many layers to skip: all of one
/// encoder; of two (SDXL) those before the last of the smaller one. 0 is always right.
void check_clip_skip(const ModelFolder& folder, std::int64_t clip_skip);

/// Width of the pooled text that the UNet takes beside six time ids (SDXL); 0 where it takes none.
/// Throws a usage error for another number of time ids, as of the SDXL refiner. place: the UNet's
/// config file.
std::int64_t pooled_text_width(const UNetConfig& unet, const Place& place);

}  // namespace fdbench
