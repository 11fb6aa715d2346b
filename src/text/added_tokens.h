// Tokens that are found in a text as it stands, before it is cut into words.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace fdbench {

/// Finds added tokens in a text: the leftmost, of several there the longest. White space beside
/// them needs no care, since it gives no tokens.
class AddedTokenFinder {
 public:
  void add(const std::string& content, std::int64_t id);

  /// Calls between(text) for what lies between tokens and token(id) for each of them, in order.
  void split(std::string_view text, const std::function<void(std::string_view)>& between,
             const std::function<void(std::int64_t)>& token) const;

 private:
  struct Token {
    std::string content;
    std::int64_t id;
  };
  const Token* longest_at(std::string_view text) const;

  std::vector<Token> tokens_;
};

}  // namespace fdbench
