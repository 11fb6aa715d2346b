// What of the prompts a model's text encoders do not read.
#pragma once

#include <string>
#include <vector>

#include "folders/model_folder.h"

namespace fdbench {

/// Warns once of the prompts that are cut at the token limit of the folder's tokenizers and text
/// encoders; reads the tokenizers alone. Nothing for a folder without them and for random weights.
void warn_of_cut_prompts(const ModelFolder& folder, const std::vector<std::string>& prompts);

}  // namespace fdbench
