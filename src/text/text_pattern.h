// Regular expressions over Unicode text.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace fdbench {

class TextPattern {
 public:
  /// pattern: PCRE2 syntax, UTF-8.
  explicit TextPattern(const std::string& pattern);

  /// Calls f with each match, from left to right. text: valid UTF-8.
  void for_each_match(std::string_view text, const std::function<void(std::string_view)>& f) const;

 private:
  std::shared_ptr<void> code_;
};

/// How CLIP cuts text into words: special tokens, English contractions, runs of letters, single
/// numbers, runs of other characters that are not white space (transformers' CLIPTokenizer).
const TextPattern& clip_word_pattern();

/// How byte-level encoding then cuts each of those words again (GPT-2's pattern, for words without
/// white space).
const TextPattern& byte_level_pattern();

}  // namespace fdbench
