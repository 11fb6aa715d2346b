#include "text/byte_pair_encoding.h"

#include <algorithm>
#include <queue>

#include "text/unicode.h"

namespace fdbench {
namespace {

/// Each byte as the visible character that stands for it in the vocabulary: printable Latin-1 as it
/// is, the rest from U+0100 on (GPT-2's alphabet).
std::array<std::string, 256> byte_alphabet() {
  std::array<std::string, 256> alphabet;
  char32_t next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
    append_utf8(alphabet[byte], printable ? static_cast<char32_t>(byte) : next++);
  }
  return alphabet;
}

constexpr const char* kEndOfWord = "</w>";

/// A part of a word; joined parts leave the list.
struct Part {
  std::int64_t id;
  /// -1: none
  int previous, next;
  bool alive = true;
};

struct Candidate {
  std::int64_t rank;
  int position;
  /// Ids
  std::int64_t left, right, joined;

  /// For a queue whose top is the best rank, then the leftmost.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : position > other.position;
  }
};

}  // namespace

std::string words_of(const std::string& token) {
  static const std::array<std::string, 256> alphabet = byte_alphabet();
  const std::string end = kEndOfWord;
  const bool ends = token.ends_with(end);
  const std::size_t size = token.size() - (ends ? end.size() : 0);
  std::string words;
  for (std::size_t i = 0; i < size;) {
    const std::size_t length = static_cast<unsigned char>(token[i]) < 0x80 ? 1 : 2;
    const auto found = std::find(alphabet.begin(), alphabet.end(), token.substr(i, length));
    if (found != alphabet.end()) words += static_cast<char>(found - alphabet.begin());
    i += length;
  }
  return ends ? words + " " : words;
}

BytePairEncoding::BytePairEncoding(const Vocabulary& vocabulary, const Merges& merges,
                                   const std::string& unknown_token, const Place& place) {
  const auto unknown = vocabulary.find(unknown_token);
  if (unknown == vocabulary.end()) {
    throw usage_error(place, "the vocabulary lacks the unknown token '" + unknown_token + "'");
  }
  const auto id_of = [&](const std::string& token) {
    const auto found = vocabulary.find(token);
    return found == vocabulary.end() ? unknown->second : found->second;
  };
  const std::array<std::string, 256> alphabet = byte_alphabet();
  for (std::size_t byte = 0; byte < alphabet.size(); ++byte) {
    ids_[byte] = id_of(alphabet[byte]);
    last_ids_[byte] = id_of(alphabet[byte] + kEndOfWord);
  }
  merges_.reserve(merges.size());
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto& [left, right] = merges[rank];
    for (const std::string& token : {left, right, left + right}) {
      if (vocabulary.contains(token)) continue;
      throw usage_error(place, "merge '" + left + " " + right + "' needs the token '" + token +
                                   "', which the vocabulary lacks");
    }
    merges_.insert_or_assign({vocabulary.at(left), vocabulary.at(right)},
                             Merge{static_cast<std::int64_t>(rank), vocabulary.at(left + right)});
  }
}

const BytePairEncoding::Merge* BytePairEncoding::find_merge(std::int64_t left,
                                                            std::int64_t right) const {
  const auto found = merges_.find({left, right});
  return found == merges_.end() ? nullptr : &found->second;
}

void BytePairEncoding::encode(std::string_view word, std::vector<std::int64_t>& ids) const {
  if (word.empty()) return;
  const int count = static_cast<int>(word.size());
  std::vector<Part> parts;
  for (int i = 0; i < count; ++i) {
    const auto& table = i + 1 == count ? last_ids_ : ids_;
    parts.push_back(
        {table[static_cast<unsigned char>(word[i])], i - 1, i + 1 == count ? -1 : i + 1});
  }
  // A queue instead of a scan for each join: words may be as long as the whole text.
  std::priority_queue<Candidate> queue;
  const auto consider = [&](int position) {
    if (position < 0 || parts[position].next < 0) return;
    const std::int64_t left = parts[position].id, right = parts[parts[position].next].id;
    const Merge* merge = find_merge(left, right);
    if (merge != nullptr) queue.push({merge->rank, position, left, right, merge->id});
  };
  for (int i = 0; i < count; ++i) consider(i);
  for (; !queue.empty();) {
    const Candidate best = queue.top();
    queue.pop();
    Part& left = parts[best.position];
    if (!left.alive || left.id != best.left || left.next < 0 || parts[left.next].id != best.right)
      continue;
    Part& right = parts[left.next];
    right.alive = false;
    left.id = best.joined;
    left.next = right.next;
    if (left.next >= 0) parts[left.next].previous = best.position;
    consider(left.previous);
    consider(best.position);
  }
  for (int i = 0; i >= 0; i = parts[i].next) ids.push_back(parts[i].id);
}

}  // namespace fdbench
