// What pictures are made from: conditioning and starting noise, from prompts or from a file of
// tensors.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "pipelines/text_to_image.h"

namespace fdbench {

/// n pictures along the batch.
struct GenerationInputs {
  Conditioning conditional;
  Conditioning unconditional;  // undefined tensors without guidance
  at::Tensor latents;          // [n, c, h, w] unit noise; undefined: to be drawn
  std::int64_t num_pictures = 0;
};

/// What the user gave.
struct GenerationRequest {
  std::vector<std::string> prompts;            // one for all pictures, or one each
  std::optional<std::string> negative_prompt;  // none: see encode_no_prompt
  bool guided = true;                          // guidance_scale > 1
  PictureSize size;                            // of the pictures where `inputs` hold no latents
  std::optional<SafetensorsFile>
      inputs;  // latents [n, c, h, w], or prompt_embeds [n, l, d] with negative_prompt_embeds,
               // for SDXL with text_embeds, negative_text_embeds and time_ids; or both
};

/// Throws a usage error where prompts and embeddings are both given or both missing, where guidance
/// lacks its negative side, and where numbers of pictures differ.
GenerationInputs make_generation_inputs(const TextToImagePipeline& pipeline,
                                        const GenerationRequest& request);

}  // namespace fdbench
