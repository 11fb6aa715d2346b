#include "text/tokenizer_files.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "io/json_file.h"
#include "io/stand_in.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kEnd = "<|endoftext|>";
constexpr const char* kStart = "<|startoftext|>";
/// Transformers writes 1e30 for "no limit".
constexpr std::int64_t kUnlimited = 1'000'000;

/// Keys of the special tokens, in the order in which transformers adds them.
constexpr const char* kNamedTokens[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                        "pad_token", "cls_token", "mask_token"};

/// True also for a link to nothing, which is a fault and no file that is left out.
bool is_named(const fs::path& path) { return fs::exists(path) || fs::is_symlink(path); }

json read_object(const fs::path& path) {
  json value = is_named(path) ? read_json(path) : json::object();
  if (!value.is_object()) throw usage_error({path.string()}, "must be a JSON object");
  return value;
}

Vocabulary read_vocabulary(const json& value, const Place& place) {
  if (!value.is_object() || value.empty())
    throw usage_error(place, "must give an id for each token");
  Vocabulary vocabulary;
  vocabulary.reserve(value.size());
  for (const auto& [token, id] : value.items()) {
    if (!id.is_number_unsigned() || id > std::numeric_limits<std::int32_t>::max()) {
      throw usage_error(
          place, "token '" + token + "' must have a whole number as its id, not " + id.dump());
    }
    vocabulary.emplace(token, id.get<std::int64_t>());
  }
  return vocabulary;
}

std::pair<std::string, std::string> split_merge(const std::string& text, const Place& place) {
  const std::size_t space = text.find(' ');
  const bool two = space != std::string::npos && space > 0 && space + 1 < text.size() &&
                   text.find(' ', space + 1) == std::string::npos;
  if (!two)
    throw usage_error(place, "a merge is two tokens with a space between, not '" + text + "'");
  return {text.substr(0, space), text.substr(space + 1)};
}

Merges read_merges_file(const fs::path& path) {
  if (!fs::exists(path) && fs::is_symlink(path)) throw missing_file(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) throw usage_error({path.string()}, "cannot be read; vocab.json needs it");
  Merges merges;
  std::string text;
  std::getline(file, text);
  refuse_stand_in(path, text);
  file.seekg(0);
  for (int line = 1; std::getline(file, text); ++line) {
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty() || text.starts_with("#version")) continue;
    merges.push_back(split_merge(text, {path.string(), line}));
  }
  return merges;
}

/// The `model` of a tokenizer.json.
void read_model(const json& file, TokenizerFiles& files) {
  const json model = file.value("model", json::object());
  if (!model.is_object() || model.value("type", json("BPE")) != "BPE") {
    throw usage_error(files.place, "'model' must be of type BPE, as a CLIPTokenizer's is");
  }
  files.vocabulary =
      read_vocabulary(model.value("vocab", json()), {files.place.file + ": 'vocab'"});
  for (const json& merge : model.value("merges", json::array())) {
    if (merge.is_string()) {
      files.merges.push_back(split_merge(merge.get<std::string>(), files.place));
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      files.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
    } else {
      throw usage_error(files.place,
                        "'merges' has an entry that is not a pair of tokens: " + merge.dump());
    }
  }
}

/// "text" or {"content": "text", "normalized": …}; empty for null. normalized: where the entry does
/// not say.
std::optional<AddedToken> read_token(const json& value, const std::string& key, bool normalized,
                                     const Place& place) {
  if (value.is_null()) return std::nullopt;
  if (value.is_string()) return AddedToken{value.get<std::string>(), false};
  const auto content = value.is_object() ? value.find("content") : value.end();
  if (!value.is_object() || content == value.end() || !content->is_string()) {
    throw usage_error(place, "'" + key + "' must be a text or an object with 'content'");
  }
  if (value.value("single_word", json(false)) == true) {
    throw usage_error(
        place, "token '" + content->get<std::string>() + "': 'single_word' is not supported");
  }
  return AddedToken{content->get<std::string>(),
                    value.value("normalized", json(normalized)) == true};
}

/// Collects the added tokens of all files.
class TokenReader {
 public:
  TokenReader(fs::path folder, const json& config) : folder_(std::move(folder)) {
    read_named(config, "tokenizer_config.json", /*special=*/false);
    read_listed(config, "additional_special_tokens", "tokenizer_config.json");
    read_listed(config, "extra_special_tokens", "tokenizer_config.json");
    if (config.contains("added_tokens_decoder")) {
      read_decoder(config["added_tokens_decoder"]);
    } else {
      read_older_files();
    }
  }

  const std::string& named(const std::string& key, const std::string& fallback) {
    return named_.try_emplace(key, AddedToken{fallback}).first->second.content;
  }

  /// In the order in which transformers adds them: by id, then the named ones, then further special
  /// tokens. Of two with the same content those by id count first, else the last.
  std::vector<AddedToken> ordered() const {
    std::vector<AddedToken> tokens;
    for (const auto& [id, token] : by_id_) tokens.push_back(token);
    const std::size_t num_by_id = tokens.size();
    const auto add = [&](const AddedToken& token) {
      const auto same = std::find_if(tokens.begin(), tokens.end(), [&](const AddedToken& other) {
        return other.content == token.content;
      });
      if (same == tokens.end()) {
        tokens.push_back(token);
      } else if (same >= tokens.begin() + static_cast<std::ptrdiff_t>(num_by_id)) {
        *same = token;
      }
    };
    for (const char* key : kNamedTokens) {
      const auto found = named_.find(key);
      if (found != named_.end()) add(found->second);
    }
    for (const AddedToken& token : listed_) add(token);
    return tokens;
  }

 private:
  Place place(const char* file) const { return {(folder_ / file).string()}; }

  void read_named(const json& object, const char* file, bool special) {
    for (const char* key : kNamedTokens) {
      const auto found = object.find(key);
      if (found == object.end()) continue;
      const auto token = read_token(*found, key, !special, place(file));
      if (token) named_.insert_or_assign(key, *token);
    }
  }

  void read_listed(const json& object, const char* key, const char* file) {
    const json list = object.value(key, json::array());
    for (const json& value : list.is_array() ? list : json::array()) {
      const auto token = read_token(value, key, false, place(file));
      if (token) listed_.push_back(*token);
    }
  }

  void read_decoder(const json& decoder) {
    if (!decoder.is_object())
      throw usage_error(place("tokenizer_config.json"), "'added_tokens_decoder' must be an object");
    for (const auto& [id, value] : decoder.items()) {
      const bool special = value.is_object() && value.value("special", json(false)) == true;
      const auto token = read_token(value, id, !special, place("tokenizer_config.json"));
      const bool is_number =
          !id.empty() && id.size() < 10 && id.find_first_not_of("0123456789") == std::string::npos;
      if (!token || !is_number) {
        throw usage_error(place("tokenizer_config.json"),
                          "'added_tokens_decoder' must give a token for each id, not '" + id + "'");
      }
      by_id_.emplace(std::stoll(id), *token);
    }
  }

  /// What folders hold that were written before `added_tokens_decoder`.
  void read_older_files() {
    const json map = read_object(folder_ / "special_tokens_map.json");
    read_named(map, "special_tokens_map.json", /*special=*/true);
    read_listed(map, "additional_special_tokens", "special_tokens_map.json");
    const json added = read_object(folder_ / "added_tokens.json");
    for (const auto& [content, id] : added.items()) {
      if (!id.is_number_unsigned())
        throw usage_error(place("added_tokens.json"),
                          "'" + content + "' must have a whole number as its id");
      by_id_.insert_or_assign(id.get<std::int64_t>(), AddedToken{content, !is_special(content)});
    }
    const json file = read_object(folder_ / "tokenizer.json");
    for (const json& value : file.value("added_tokens", json::array())) {
      const auto token = read_token(value, "added_tokens", true, place("tokenizer.json"));
      const json id = value.is_object() ? value.value("id", json()) : json();
      if (!token || !id.is_number_unsigned()) {
        throw usage_error(place("tokenizer.json"),
                          "'added_tokens' has an entry without content or id");
      }
      by_id_.insert_or_assign(id.get<std::int64_t>(), *token);
    }
  }

  bool is_special(const std::string& content) const {
    const auto same = [&](const AddedToken& token) { return token.content == content; };
    return std::any_of(listed_.begin(), listed_.end(), same) ||
           std::any_of(named_.begin(), named_.end(),
                       [&](const auto& entry) { return same(entry.second); });
  }

  fs::path folder_;
  std::map<std::string, AddedToken> named_;
  std::map<std::int64_t, AddedToken> by_id_;
  std::vector<AddedToken> listed_;
};

/// Ids: the vocabulary's where it has the token, else the next free one.
void number_tokens(TokenizerFiles& files) {
  std::int64_t next = 0;
  for (const auto& [token, id] : files.vocabulary) next = std::max(next, id + 1);
  for (AddedToken& token : files.added_tokens) {
    const auto found = files.vocabulary.find(token.content);
    token.id = found == files.vocabulary.end() ? next++ : found->second;
  }
}

std::int64_t id_of(const TokenizerFiles& files, const std::string& content) {
  for (const AddedToken& token : files.added_tokens) {
    if (token.content == content) return token.id;
  }
  // Cannot fail: every named token is an added one.
  return files.vocabulary.at(content);
}

void read_lengths(const json& config, const Place& place, TokenizerFiles& files) {
  const json length = config.value("model_max_length", json());
  if (!length.is_null() && (!length.is_number() || length < 2)) {
    throw usage_error(place,
                      "'model_max_length' must be a whole number from 2, not " + length.dump());
  }
  if (length.is_number() && length <= kUnlimited)
    files.model_max_length = length.get<std::int64_t>();
  for (const char* side : {"padding_side", "truncation_side"}) {
    if (config.value(side, json("right")) == "right") continue;
    throw usage_error(place,
                      std::string("'") + side + "' must be \"right\", not " + config[side].dump());
  }
}

}  // namespace

TokenizerFiles read_tokenizer_files(const fs::path& folder) {
  TokenizerFiles files;
  if (is_named(folder / "tokenizer.json")) {
    files.place = {(folder / "tokenizer.json").string()};
    read_model(read_object(files.place.file), files);
  } else if (is_named(folder / "vocab.json")) {
    files.place = {(folder / "vocab.json").string()};
    files.vocabulary = read_vocabulary(read_json(files.place.file), files.place);
    files.merges = read_merges_file(folder / "merges.txt");
  } else {
    throw usage_error(
        {folder.string()},
        "holds no CLIP tokenizer; wanted are vocab.json and merges.txt, or tokenizer.json");
  }
  const json config = read_object(folder / "tokenizer_config.json");
  read_lengths(config, {(folder / "tokenizer_config.json").string()}, files);
  TokenReader tokens(folder, config);
  const std::string start = tokens.named("bos_token", kStart),
                    end = tokens.named("eos_token", kEnd);
  const std::string pad = tokens.named("pad_token", kEnd);
  files.unknown_token = tokens.named("unk_token", kEnd);
  files.added_tokens = tokens.ordered();
  number_tokens(files);
  files.start_id = id_of(files, start);
  files.end_id = id_of(files, end);
  files.pad_id = id_of(files, pad);
  return files;
}

}  // namespace fdbench
