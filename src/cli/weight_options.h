// --lora, --custom-diffusion, --embedding and --unet of the commands that open a model folder.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "folders/weight_additions.h"

namespace fdbench {

struct WeightOptions {
  std::vector<std::string> loras, embeddings;
  std::vector<std::filesystem::path> custom_diffusion;
  std::filesystem::path unet;
};

/// Adds those of the UNet and the text encoders: --lora, --custom-diffusion and --unet.
void add_weight_options(CLI::App& command, WeightOptions& options);
/// Adds --embedding, of commands that read prompts.
void add_embedding_option(CLI::App& command, WeightOptions& options);

/// What the options name, in the order in which it is merged. Throws usage errors for a scale that
/// is no finite number and for a token without a file.
WeightAdditions weight_additions(const WeightOptions& options);

/// Warns of each file that changes text encoders, which do nothing where their states are given.
void warn_of_idle_text(const WeightAdditions& additions);

}  // namespace fdbench
