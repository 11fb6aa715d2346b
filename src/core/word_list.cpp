#include "core/word_list.h"

namespace fdbench {

std::string words_text(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool is_last = i + 1 == words.size();
    text += (i == 0 ? "" : is_last ? " or " : ", ") + words[i];
  }
  return text;
}

}  // namespace fdbench
