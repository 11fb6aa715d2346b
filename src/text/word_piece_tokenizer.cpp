#include "text/word_piece_tokenizer.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>

#include "core/error.h"
#include "io/json_file.h"
#include "text/added_tokens.h"
#include "text/bert_words.h"
#include "text/byte_pair_encoding.h"
#include "text/framed_ids.h"
#include "text/unicode.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kWithinWord = "##";
/// Longer words are unknown [characters].
constexpr std::size_t kLongestWord = 100;
/// BERT's own, where the files say none; transformers writes 1e30 for "no limit".
constexpr std::int64_t kUsualLength = 512, kUnlimited = 1'000'000;

json read_object(const fs::path& path) {
  json value = fs::exists(path) ? read_json(path) : json::object();
  if (!value.is_object()) throw usage_error({path.string()}, "must be a JSON object");
  return value;
}

Vocabulary read_vocabulary_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error({path.string()}, "cannot be read");
  Vocabulary vocabulary;
  std::string token;
  for (std::int64_t id = 0; std::getline(file, token); ++id) {
    if (token.ends_with('\r')) token.pop_back();
    vocabulary[token] = id;
  }
  return vocabulary;
}

Vocabulary read_vocabulary_json(const json& model, const Place& place) {
  Vocabulary vocabulary;
  const json entries = model.value("vocab", json::object());
  if (!entries.is_object()) throw usage_error(place, "must give an id for each token");
  for (const auto& [token, id] : entries.items()) {
    if (!id.is_number_unsigned()) {
      throw usage_error(
          place, "token '" + token + "' must have a whole number as its id, not " + id.dump());
    }
    vocabulary.emplace(token, id.get<std::int64_t>());
  }
  return vocabulary;
}

/// "text", or {"content": "text"}.
std::string token_text(const json& config, const char* key, const char* fallback) {
  const json value = config.value(key, json());
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    return value["content"].get<std::string>();
  }
  return fallback;
}

/// null is the fallback.
bool truth(const json& object, const char* key, bool fallback, const Place& place) {
  const json value = object.value(key, json());
  if (value.is_null()) return fallback;
  if (!value.is_boolean()) {
    throw usage_error(place, std::string("'") + key + "' must be true or false");
  }
  return value.get<bool>();
}

/// Throws where a part of tokenizer.json is of another kind than BERT's.
void check_part(const json& file, const char* part, const char* type, const Place& place) {
  const json found = file.value(part, json::object());
  if (found.is_object() && found.value("type", json(type)) == type) return;
  throw usage_error(
      place, std::string("'") + part + "' must be of type " + type + ", as a BertTokenizer's is");
}

BertNormalization read_normalization(const json& options, const char* lowercase,
                                     const char* ideographs, const Place& place) {
  BertNormalization read;
  read.clean_text = truth(options, "clean_text", true, place);
  read.lowercase = truth(options, lowercase, true, place);
  read.handle_chinese_chars = truth(options, ideographs, true, place);
  read.strip_accents = truth(options, "strip_accents", read.lowercase, place);
  return read;
}

}  // namespace

struct WordPieceTokenizer::Impl {
  explicit Impl(const fs::path& folder) {
    const Place of_config{(folder / "tokenizer_config.json").string()};
    const json config = read_object(of_config.file);
    const fs::path whole = folder / "tokenizer.json";
    place = {(fs::exists(whole) ? whole : folder / "vocab.txt").string()};
    if (fs::exists(whole)) {
      read_whole(read_object(whole));
    } else {
      vocabulary = read_vocabulary_text(place.file);
      normalization =
          read_normalization(config, "do_lower_case", "tokenize_chinese_chars", of_config);
    }
    const json length = config.value("model_max_length", json());
    if (length.is_number() && length >= 2 && length <= kUnlimited) {
      model_max_length = length.get<std::int64_t>();
    }
    unknown_id = add_named(config, "unk_token", "[UNK]");
    start_id = add_named(config, "cls_token", "[CLS]");
    end_id = add_named(config, "sep_token", "[SEP]");
    pad_id = add_named(config, "pad_token", "[PAD]");
    const std::string mask = token_text(config, "mask_token", "[MASK]");
    if (vocabulary.contains(mask)) added.add(mask, vocabulary.at(mask));
  }

  /// Adds a token that stands for itself in a text; its id.
  std::int64_t add_named(const json& config, const char* key, const char* usual) {
    const std::string token = token_text(config, key, usual);
    const auto found = vocabulary.find(token);
    if (found == vocabulary.end()) throw usage_error(place, "lacks the token '" + token + "'");
    added.add(token, found->second);
    return found->second;
  }

  void read_whole(const json& file) {
    check_part(file, "model", "WordPiece", place);
    check_part(file, "normalizer", "BertNormalizer", place);
    check_part(file, "pre_tokenizer", "BertPreTokenizer", place);
    vocabulary = read_vocabulary_json(file.value("model", json::object()), place);
    normalization = read_normalization(file.value("normalizer", json::object()), "lowercase",
                                       "handle_chinese_chars", place);
    for (const json& token : file.value("added_tokens", json::array())) add_listed(token);
  }

  /// An entry of `added_tokens`.
  void add_listed(const json& token) {
    const bool is_token = token.is_object() && token.value("content", json()).is_string() &&
                          token.value("id", json()).is_number_unsigned();
    if (!is_token) throw usage_error(place, "'added_tokens' has an entry without content or id");
    const auto content = token["content"].get<std::string>();
    for (const char* option : {"normalized", "single_word"}) {
      if (!truth(token, option, false, place)) continue;
      throw usage_error(place, "token '" + content + "': '" + option + "' is not supported");
    }
    vocabulary[content] = token["id"].get<std::int64_t>();
    added.add(content, vocabulary[content]);
  }

  /// Appends the ids of a word's pieces, from the left the longest that the vocabulary has.
  void encode_word(std::string_view word, std::vector<std::int64_t>& ids) const {
    std::vector<std::size_t> ends;
    for_each_character(word, [&](char32_t, std::string_view character) {
      ends.push_back(static_cast<std::size_t>(character.data() - word.data()) + character.size());
    });
    std::vector<std::int64_t> pieces;
    std::size_t begin = 0;
    while (begin < word.size() && ends.size() <= kLongestWord) {
      std::size_t next = begin;
      for (auto end = ends.rbegin(); end != ends.rend() && *end > begin; ++end) {
        const std::string piece =
            (begin == 0 ? "" : kWithinWord) + std::string(word.substr(begin, *end - begin));
        const auto found = vocabulary.find(piece);
        if (found == vocabulary.end()) continue;
        pieces.push_back(found->second);
        next = *end;
        break;
      }
      if (next == begin) break;
      begin = next;
    }
    if (begin < word.size()) pieces = {unknown_id};
    ids.insert(ids.end(), pieces.begin(), pieces.end());
  }

  std::vector<std::int64_t> encode_all(const std::string& text) const {
    std::vector<std::int64_t> ids;
    added.split(
        text,
        [&](std::string_view part) {
          const std::string normalized = bert_normalized(part, normalization);
          for (const std::string_view word : bert_words(normalized)) encode_word(word, ids);
        },
        [&](std::int64_t id) { ids.push_back(id); });
    return ids;
  }

  Place place;
  Vocabulary vocabulary;
  BertNormalization normalization;
  AddedTokenFinder added;
  std::int64_t unknown_id = 0, start_id = 0, end_id = 0, pad_id = 0;
  std::int64_t model_max_length = kUsualLength;
};

WordPieceTokenizer::WordPieceTokenizer(const fs::path& folder)
    : impl_(std::make_unique<Impl>(folder)) {}
WordPieceTokenizer::~WordPieceTokenizer() = default;
WordPieceTokenizer::WordPieceTokenizer(WordPieceTokenizer&&) noexcept = default;

std::vector<std::int64_t> WordPieceTokenizer::encode(const std::string& text,
                                                     std::int64_t max_length) const {
  const std::int64_t length = max_length > 0 ? max_length : impl_->model_max_length;
  return framed_ids(impl_->encode_all(valid_utf8(text)),
                    {impl_->start_id, impl_->end_id, impl_->pad_id}, length);
}

std::int64_t WordPieceTokenizer::model_max_length() const { return impl_->model_max_length; }

std::int64_t WordPieceTokenizer::count(const std::string& text) const {
  return static_cast<std::int64_t>(impl_->encode_all(valid_utf8(text)).size()) + 2;
}

std::string WordPieceTokenizer::text_beyond(const std::string& text,
                                            std::int64_t max_length) const {
  const std::vector<std::int64_t> ids = impl_->encode_all(valid_utf8(text));
  std::unordered_map<std::int64_t, std::string> tokens;
  for (const auto& [token, id] : impl_->vocabulary) tokens.emplace(id, token);
  std::string words;
  for (auto i = static_cast<std::size_t>(std::max<std::int64_t>(max_length - 2, 0)); i < ids.size();
       ++i) {
    const std::string& token = tokens[ids[i]];
    const bool is_within = token.starts_with(kWithinWord);
    if (!words.empty() && !is_within) words += ' ';
    words += is_within ? token.substr(std::string_view(kWithinWord).size()) : token;
  }
  return words;
}

bool is_word_piece_folder(const fs::path& folder) {
  const fs::path whole = folder / "tokenizer.json";
  if (!fs::exists(whole)) return fs::exists(folder / "vocab.txt");
  const json file = read_object(whole);
  const json model = file.value("model", json::object());
  return model.is_object() && model.value("type", json()) == "WordPiece";
}

}  // namespace fdbench
