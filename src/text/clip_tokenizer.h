// transformers' CLIPTokenizer: byte-pair encoding of lower-cased text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "folders/learned_token.h"
#include "text/tokenizer.h"

namespace fdbench {

class CLIPTokenizer : public Tokenizer {
 public:
  /// Reads vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json (or
  /// tokenizer.json alone).
  /// learned: tokens that are added to those of the files, found in the lower-cased text as
  /// transformers' add_tokens has it. Throws a usage error for one that is there already.
  explicit CLIPTokenizer(const std::filesystem::path& folder,
                         const std::vector<LearnedToken>& learned = {});
  ~CLIPTokenizer() override;
  CLIPTokenizer(CLIPTokenizer&&) noexcept;

  std::vector<std::int64_t> encode(const std::string& text,
                                   std::int64_t max_length = 0) const override;
  std::int64_t model_max_length() const override;
  std::int64_t count(const std::string& text) const override;
  std::string text_beyond(const std::string& text, std::int64_t max_length) const override;
  /// The text with each learned word of several vectors (textual inversion) written out, "<cat>" as
  /// "<cat> <cat>_1 <cat>_2": what diffusers' pipelines do before they tokenize
  /// (TextualInversionLoaderMixin.maybe_convert_prompt).
  std::string with_all_vectors(std::string text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fdbench
