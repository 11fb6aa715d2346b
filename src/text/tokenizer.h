// What turns a text into token ids for a network, of any kind.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "folders/learned_token.h"

namespace fdbench {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;

  /// Ids with start and end token, cut to `max_length` (0: model_max_length) and filled up with the
  /// pad token: what transformers' `tokenizer(text, padding="max_length", truncation=True,
  /// max_length=...)` gives. Throws a usage error for a length below 2.
  virtual std::vector<std::int64_t> encode(const std::string& text,
                                           std::int64_t max_length) const = 0;
  virtual std::int64_t model_max_length() const = 0;
  /// Tokens of a text with start and end token, uncut.
  virtual std::int64_t count(const std::string& text) const = 0;
  /// The words (lower-cased, as the tokenizer leaves them) that `encode` cuts at this length.
  virtual std::string text_beyond(const std::string& text, std::int64_t max_length) const = 0;
};

/// The tokenizer whose files the folder holds: WordPiece (BERT's: tokenizer.json of that type, or
/// vocab.txt), else CLIP's. learned: tokens that are added to CLIP's. Throws usage errors that name
/// the file.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder,
                                          const std::vector<LearnedToken>& learned = {});

}  // namespace fdbench
