// Words in a sentence.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

/// "a, b or c".
std::string words_text(const std::vector<std::string>& words);

}  // namespace fdbench
