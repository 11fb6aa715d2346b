#include "text/clip_tokenizer.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "text/added_tokens.h"
#include "text/byte_pair_encoding.h"
#include "text/framed_ids.h"
#include "text/text_pattern.h"
#include "text/tokenizer_files.h"
#include "text/unicode.h"

namespace fdbench {
namespace {

std::string normalize(std::string_view text) {
  return lower_case(collapse_white_space(compose_nfc(text)));
}

/// Throws where the tokenizer has the token, or further vectors of it ("token_1"), or its id. own:
/// all that the files hold.
void check_is_new(const LearnedToken& token, const Vocabulary& own,
                  const std::filesystem::path& folder) {
  const Place place{token.file.string()};
  for (const std::string& content : {token.content, token.content + "_1"}) {
    if (!own.contains(content)) continue;
    throw usage_error(place, "the token '" + content + "' is already in the tokenizer " +
                                 folder.string() + "; give it another name");
  }
  for (const auto& [content, id] : own) {
    if (id < token.id) continue;
    throw usage_error(place, "the tokenizer " + folder.string() + " has the id " +
                                 std::to_string(id) + ", beyond the " + std::to_string(token.id) +
                                 " tokens of its text encoder; none can be added");
  }
}

/// The files with tokens that they do not have yet.
TokenizerFiles with_learned(TokenizerFiles files, const std::vector<LearnedToken>& learned,
                            const std::filesystem::path& folder) {
  if (learned.empty()) return files;
  Vocabulary own = files.vocabulary;
  for (const AddedToken& added : files.added_tokens) own[added.content] = added.id;
  for (const LearnedToken& token : learned) check_is_new(token, own, folder);
  for (const LearnedToken& token : learned) {
    files.added_tokens.push_back({token.content, /*normalized=*/true, token.id});
  }
  return files;
}

}  // namespace

struct CLIPTokenizer::Impl {
  explicit Impl(TokenizerFiles files)
      : encoding(files.vocabulary, files.merges, files.unknown_token, files.place),
        vocabulary(std::move(files.vocabulary)),
        start_id(files.start_id),
        end_id(files.end_id),
        pad_id(files.pad_id),
        model_max_length(files.model_max_length) {
    for (const AddedToken& token : files.added_tokens) {
      added[token.content] = token.id;
      if (token.normalized) {
        in_normalized.add(normalize(token.content), token.id);
      } else {
        in_text.add(token.content, token.id);
      }
    }
  }

  /// Appends the ids of text that holds no added token.
  void encode_words(std::string_view text, std::vector<std::int64_t>& ids) const {
    clip_word_pattern().for_each_match(text, [&](std::string_view word) {
      byte_level_pattern().for_each_match(
          word, [&](std::string_view part) { encoding.encode(part, ids); });
    });
  }

  std::vector<std::int64_t> encode_all(const std::string& text) const {
    std::vector<std::int64_t> ids;
    const auto add = [&](std::int64_t id) { ids.push_back(id); };
    const auto add_words = [&](std::string_view part) { encode_words(part, ids); };
    in_text.split(
        text, [&](std::string_view part) { in_normalized.split(normalize(part), add_words, add); },
        add);
    return ids;
  }

  BytePairEncoding encoding;
  Vocabulary vocabulary;
  /// Ids of the added tokens.
  std::map<std::string, std::int64_t> added;
  AddedTokenFinder in_text, in_normalized;
  std::int64_t start_id, end_id, pad_id, model_max_length;
};

CLIPTokenizer::CLIPTokenizer(const std::filesystem::path& folder,
                             const std::vector<LearnedToken>& learned)
    : impl_(std::make_unique<Impl>(with_learned(read_tokenizer_files(folder), learned, folder))) {}
CLIPTokenizer::~CLIPTokenizer() = default;
CLIPTokenizer::CLIPTokenizer(CLIPTokenizer&&) noexcept = default;

std::vector<std::int64_t> CLIPTokenizer::encode(const std::string& text,
                                                std::int64_t max_length) const {
  const std::int64_t length = max_length > 0 ? max_length : impl_->model_max_length;
  return framed_ids(impl_->encode_all(valid_utf8(text)),
                    {impl_->start_id, impl_->end_id, impl_->pad_id}, length);
}

std::int64_t CLIPTokenizer::model_max_length() const { return impl_->model_max_length; }

std::int64_t CLIPTokenizer::count(const std::string& text) const {
  return static_cast<std::int64_t>(impl_->encode_all(valid_utf8(text)).size()) + 2;
}

std::string CLIPTokenizer::text_beyond(const std::string& text, std::int64_t max_length) const {
  const std::vector<std::int64_t> ids = impl_->encode_all(valid_utf8(text));
  const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(max_length - 2, 0));
  std::unordered_map<std::int64_t, std::string> tokens;
  for (const auto& [token, id] : impl_->vocabulary) tokens.emplace(id, words_of(token));
  for (const auto& [token, id] : impl_->added) tokens.insert_or_assign(id, token + " ");
  std::string words;
  for (std::size_t i = kept; i < ids.size(); ++i) words += tokens[ids[i]];
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

std::string CLIPTokenizer::with_all_vectors(std::string text) const {
  const std::vector<std::int64_t> ids = impl_->encode_all(valid_utf8(text));
  for (const auto& [token, id] : impl_->added) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
    std::string all = token;
    for (int i = 1; impl_->added.contains(token + "_" + std::to_string(i)); ++i) {
      all += " " + token + "_" + std::to_string(i);
    }
    if (all == token) continue;
    for (std::size_t at = text.find(token); at != std::string::npos;
         at = text.find(token, at + all.size())) {
      text.replace(at, token.size(), all);
    }
  }
  return text;
}

}  // namespace fdbench
