// What pictures are made from: conditioning and starting noise, from prompts or from a file of
// tensors.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "tasks/text_to_image.h"

namespace fdbench {

/// n pictures along the batch.
struct GenerationInputs {
  Conditioning conditional;
  Conditioning unconditional;  // undefined tensors without guidance halves
  at::Tensor latents;          // [n, c, h, w] unit noise; undefined: to be drawn
  std::int64_t num_pictures = 0;
};

/// What the user gave.
struct GenerationRequest {
  std::vector<std::string> prompts;            // one for all pictures, or one each
  std::optional<std::string> negative_prompt;  // none: see encode_no_prompt
  std::int64_t clip_skip = 0;                  // of the prompts' text encoders
  bool guided = true;                          // the batch has an unconditional half
  PictureSize size;                            // of the pictures where `inputs` hold no latents
  std::optional<SafetensorsFile>
      inputs;  // latents [n, c, h, w], or prompt_embeds [n, l, d] with negative_prompt_embeds,
               // for SDXL with text_embeds, negative_text_embeds and time_ids; or both
};

/// Throws a usage error where prompts and embeddings are both given or both missing, where guidance
/// lacks its negative side, where numbers of pictures differ, for a clip_skip beside embeddings,
/// and for tensors that are not finite.
GenerationInputs make_generation_inputs(const TextToImagePipeline& pipeline,
                                        const GenerationRequest& request);

}  // namespace fdbench
