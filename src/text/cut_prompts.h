// Prompts that are longer than what a text encoder reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/tokenizer.h"

namespace fdbench {

/// What a user should know when prompts have more tokens than `limit` (start and end included, as
/// in transformers), beyond which they are cut: how many, how far, and the first words that are
/// lost.
/// "" when no prompt is cut.
std::string about_cut_prompts(const Tokenizer& tokenizer, std::int64_t limit,
                              const std::vector<std::string>& prompts);

}  // namespace fdbench
