// How transformers' BertTokenizer cleans a text and cuts it into words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fdbench {

/// Options of `tokenizers`' BertNormalizer, with its defaults.
struct BertNormalization {
  /// Control characters are removed, white space becomes a blank.
  bool clean_text = true;
  /// Ideographs are words by themselves.
  bool handle_chinese_chars = true;
  bool strip_accents = true;
  bool lowercase = true;
};

/// text: valid UTF-8.
std::string bert_normalized(std::string_view text, const BertNormalization& options);

/// Words between white space; each punctuation mark is one by itself. text: valid UTF-8, which the
/// words are parts of.
std::vector<std::string_view> bert_words(std::string_view text);

}  // namespace fdbench
