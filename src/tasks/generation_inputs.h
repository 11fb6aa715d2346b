// What pictures are made from: conditioning and starting noise, from prompts or from a file of
// tensors.
#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "io/safetensors.h"
#include "tasks/class_to_image.h"
#include "tasks/text_to_image.h"

namespace fdbench {

/// n pictures along the batch.
struct GenerationInputs {
  Conditioning conditional;
  /// Undefined tensors without guidance halves.
  Conditioning unconditional;
  /// [n, c, h, w] unit noise; undefined: to be drawn.
  at::Tensor latents;
  std::int64_t num_pictures = 0;
  /// What control networks are shown, [1, 3, h, w] float32, 0 to 1.
  std::vector<at::Tensor> control_pictures = {};
};

/// What the user gave.
struct GenerationRequest {
  /// One for all pictures, or one each.
  std::vector<std::string> prompts;
  /// None: see encode_no_prompt.
  std::optional<std::string> negative_prompt;
  /// Of the prompts' text encoders.
  std::int64_t clip_skip = 0;
  /// The batch has an unconditional half.
  bool guided = true;
  /// Of the pictures where `inputs` hold no latents.
  PictureSize size;
  /// latents [n, c, h, w], or prompt_embeds [n, l, d] with negative_prompt_embeds, for SDXL with
  /// text_embeds, negative_text_embeds and time_ids; or both.
  std::optional<SafetensorsFile> inputs;
  /// One for each control network of the pipeline.
  std::vector<std::filesystem::path> control_images = {};
};

/// Throws a usage error where prompts and embeddings are both given or both missing, where guidance
/// lacks its negative side, where numbers of pictures differ, for a clip_skip beside embeddings,
/// and for tensors that are not finite.
GenerationInputs make_generation_inputs(const TextToImagePipeline& pipeline,
                                        const GenerationRequest& request);

/// The same of classes, which `prompts` hold; `inputs` may hold latents alone. Throws a usage error
/// where there is none, where numbers of pictures differ, and for a class that is not there.
GenerationInputs make_class_inputs(const ClassToImagePipeline& pipeline,
                                   const GenerationRequest& request);

}  // namespace fdbench
