// What goes with the prompts of a sweep: negative prompts, guidance_rescale and clip_skip.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config_reader.h"
#include "folders/model_folder.h"

namespace fdbench {

/// Names and meanings are those of diffusers' StableDiffusionPipeline and -XLPipeline, but for
/// guidance_channels.
struct PromptOptions {
  /// One a prompt; empty: none was given.
  std::vector<std::string> negative_prompts;
  /// 0 to 1.
  double guidance_rescale = 0;
  /// The first so many channels of the latents are guided; 0: all (execution/guidance.h).
  std::int64_t guidance_channels = 0;
  /// Last layers that the text encoders do without.
  std::int64_t clip_skip = 0;
  /// In the config file, of the keys that it has.
  std::map<std::string, Place> places;
};

/// `negative_prompt:` (a text for all prompts, or a list with one each; may be empty texts),
/// `guidance_rescale:`, `guidance_channels:` and `clip_skip:` of a config.
PromptOptions read_prompt_options(ConfigMap& map, std::size_t num_prompts);

/// What prompts go with.
struct DrawnContent {
  bool guided = true;
  /// The network takes the guidance scale as an input.
  bool takes_guidance = false;
  bool draws_classes = false;
  /// Of the latents.
  std::int64_t channels = 4;
};

/// Throws a usage error at its place for a clip_skip that the folder's text encoders do not have,
/// for more guidance_channels than latents have and, where classes are drawn, for what is of texts;
/// warns of what does nothing where pictures are not guided by a second half of the batch.
void check_prompt_options(const PromptOptions& options, const ModelFolder& folder,
                          const DrawnContent& content);

/// The negative prompts as a setting: the text for all prompts, or the hash of the list; nothing
/// where none were given.
std::optional<std::string> negative_prompt_setting(const PromptOptions& options);

/// " rescaled by 0.7, negative prompts, clip_skip 1" after the guidance scale; "" where none is
/// set.
std::string describe(const PromptOptions& options);

}  // namespace fdbench
