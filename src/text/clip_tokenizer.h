// transformers' CLIPTokenizer: byte-pair encoding of lower-cased text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace fdbench {

class CLIPTokenizer {
 public:
  /// Reads vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json (or
  /// tokenizer.json alone).
  explicit CLIPTokenizer(const std::filesystem::path& folder);
  ~CLIPTokenizer();
  CLIPTokenizer(CLIPTokenizer&&) noexcept;

  /// Ids with start and end token, cut to model_max_length (or `max_length` if > 0) and filled up
  /// with the pad token: what `tokenizer(text, padding="max_length", truncation=True)` gives.
  std::vector<std::int64_t> encode(const std::string& text, std::int64_t max_length = 0) const;
  std::int64_t model_max_length() const;
  /// Tokens of a text with start and end token, uncut.
  std::int64_t count(const std::string& text) const;
  /// The words (lower-cased, as the tokenizer leaves them) that `encode` cuts at this length.
  std::string text_beyond(const std::string& text, std::int64_t max_length) const;
  /// The text with each learned word of several vectors (textual inversion) written out, "<cat>" as
  /// "<cat> <cat>_1 <cat>_2": what diffusers' pipelines do before they tokenize
  /// (TextualInversionLoaderMixin.maybe_convert_prompt).
  std::string with_all_vectors(std::string text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
