// Text states of synthetic models, whose text encoder and vocabulary are not there.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/denoiser.h"

namespace fdbench {

/// Unit Gaussian noise that depends on the prompt alone: shapes and speeds are real, meaning there
/// is none. unet_config: of the UNet, for the width of the text states, and for SDXL's pooled text
/// and time ids (those of the picture that `sample_size` stands for). -> batch of as many prompts,
/// float32 on the CPU.
Conditioning synthetic_prompts(const std::vector<std::string>& prompts,
                               const nlohmann::json& unet_config);

}  // namespace fdbench
