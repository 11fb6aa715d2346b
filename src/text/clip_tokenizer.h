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

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
