// Byte-level byte-pair encoding of single words.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/error.h"

namespace fdbench {

/// Ids by token.
using Vocabulary = std::unordered_map<std::string, std::int64_t>;

/// Merges in the order of their rank.
using Merges = std::vector<std::pair<std::string, std::string>>;

/// A token of a vocabulary as the text that it stands for: its bytes, a space where it ends a word.
std::string words_of(const std::string& token);

class BytePairEncoding {
 public:
  /// The last byte of a word is looked up with "</w>" behind it. unknown_token: stands for bytes
  /// that the vocabulary lacks; it must be in the vocabulary. place: where the merges come from,
  /// for messages. Throws a usage error that names a merge whose parts or result the vocabulary
  /// lacks.
  BytePairEncoding(const Vocabulary& vocabulary, const Merges& merges,
                   const std::string& unknown_token, const Place& place);

  /// Appends the ids of `word`'s tokens: the best-ranked pair is joined first, of equal ones the
  /// left one.
  void encode(std::string_view word, std::vector<std::int64_t>& ids) const;

 private:
  struct Merge {
    std::int64_t rank, id;
  };
  struct PairHash {
    std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const {
      return std::hash<std::int64_t>()((pair.first << 32) ^ pair.second);
    }
  };
  const Merge* find_merge(std::int64_t left, std::int64_t right) const;

  /// Of a byte within a word, and at its end.
  std::array<std::int64_t, 256> ids_, last_ids_;
  std::unordered_map<std::pair<std::int64_t, std::int64_t>, Merge, PairHash> merges_;
};

}  // namespace fdbench
