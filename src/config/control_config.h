// `controlnet:` of a config file: control networks beside the model, and what they are shown.
#pragma once

#include <filesystem>
#include <vector>

#include "config/config_reader.h"
#include "prompts/prompt_list.h"
#include "tasks/control_pictures.h"

namespace fdbench {

/// Control networks of a sweep.
struct ControlSettings {
  /// Under the names of diffusers' pipelines.
  std::vector<ControlSource> networks;
  /// What each network is shown: one picture for all prompts, or one for each.
  std::vector<std::vector<std::filesystem::path>> images;
};

/// A folder; {folder: F, ...} or {architecture: sd15, weights: random, seed: 0, ...} with
/// control_image, control_scale, control_start, control_end, guess_mode and those of the
/// preprocessor (control_from, ...), which are the options of `fdbench generate`; or a list of
/// such. Pictures are those of the prompts (`control`, one for each network), or control_image for
/// all prompts. config: paths in it count from there. Throws a usage error at the place for
/// networks without a picture and for pictures from both.
ControlSettings read_controls(const ConfigValue& value, const std::filesystem::path& config,
                              const PromptList& prompts);

/// The control pictures of each of `count` prompts: their own, or what the networks are shown for
/// all; empty where there are none.
std::vector<std::vector<std::filesystem::path>> pictures_of_prompts(
    const ControlSettings& controls, std::vector<std::vector<std::filesystem::path>> own,
    std::size_t count);

/// Hash of the pictures that pictures `first` to `first` + `count` - 1 of the sweep are made with;
/// "" without control networks.
std::string control_images_hash(const ControlSettings& controls, std::int64_t first,
                                std::int64_t count);

/// All of the networks but their weights, as JSON; "" without any.
std::string control_setting(const ControlSettings& controls);

}  // namespace fdbench
