// transformers' BertTokenizer: words in pieces of a vocabulary (Wu et al. 2016, arXiv 1609.08144).
#pragma once

#include <memory>

#include "text/tokenizer.h"

namespace fdbench {

class WordPieceTokenizer : public Tokenizer {
 public:
  /// Reads tokenizer.json if there is one, else vocab.txt; with tokenizer_config.json, which may be
  /// missing. Throws usage errors that name the file.
  explicit WordPieceTokenizer(const std::filesystem::path& folder);
  ~WordPieceTokenizer() override;
  WordPieceTokenizer(WordPieceTokenizer&&) noexcept;

  std::vector<std::int64_t> encode(const std::string& text,
                                   std::int64_t max_length = 0) const override;
  /// 512 where the files say none.
  std::int64_t model_max_length() const override;
  std::int64_t count(const std::string& text) const override;
  std::string text_beyond(const std::string& text, std::int64_t max_length) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// True for a folder whose files are a WordPiece tokenizer's.
bool is_word_piece_folder(const std::filesystem::path& folder);

}  // namespace fdbench
