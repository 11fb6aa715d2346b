#include "text/added_tokens.h"

namespace fdbench {

void AddedTokenFinder::add(const std::string& content, std::int64_t id) {
  if (!content.empty()) tokens_.push_back({content, id});
}

void AddedTokenFinder::split(std::string_view text,
                             const std::function<void(std::string_view)>& between,
                             const std::function<void(std::int64_t)>& token) const {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const Token* found = longest_at(text.substr(i));
    if (found == nullptr) {
      ++i;
      continue;
    }
    if (i > begin) between(text.substr(begin, i - begin));
    token(found->id);
    i += found->content.size();
    begin = i;
  }
  if (begin < text.size()) between(text.substr(begin));
}

const AddedTokenFinder::Token* AddedTokenFinder::longest_at(std::string_view text) const {
  const Token* longest = nullptr;
  for (const Token& token : tokens_) {
    const bool longer = longest == nullptr || token.content.size() > longest->content.size();
    if (longer && text.starts_with(token.content)) longest = &token;
  }
  return longest;
}

}  // namespace fdbench
