// The files of a tokenizer folder, read as transformers reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "text/byte_pair_encoding.h"

namespace fdbench {

/// A token that is found in the text as it stands, before words are cut.
struct AddedToken {
  std::string content;
  /// Found in the normalised, lower-cased text.
  bool normalized = false;
  std::int64_t id = 0;
};

struct TokenizerFiles {
  /// Of the vocabulary, for messages.
  Place place;
  Vocabulary vocabulary;
  Merges merges;
  std::vector<AddedToken> added_tokens;
  std::string unknown_token;
  std::int64_t start_id = 0, end_id = 0, pad_id = 0;
  /// CLIP's own, where the files say none.
  std::int64_t model_max_length = 77;
};

/// Reads tokenizer.json if there is one, else vocab.json and merges.txt; special tokens and lengths
/// from tokenizer_config.json, special_tokens_map.json and added_tokens.json, which may be missing.
/// Throws usage errors that name the file.
TokenizerFiles read_tokenizer_files(const std::filesystem::path& folder);

}  // namespace fdbench
