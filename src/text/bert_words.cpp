#include "text/bert_words.h"

#include <utf8proc.h>

#include "text/bert_tables.h"
#include "text/unicode.h"

namespace fdbench {
namespace {

utf8proc_category_t category_of(char32_t code_point) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(code_point));
}

bool is_white_space(char32_t code_point) { return find_range(kWhiteSpace, code_point) != nullptr; }

bool is_punctuation(char32_t code_point) {
  if (find_range(kBertAlsoPunctuation, code_point) != nullptr) return true;
  const utf8proc_category_t category = category_of(code_point);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO &&
         find_range(kBertNoPunctuation, code_point) == nullptr;
}

std::string cleaned(std::string_view text) {
  std::string clean;
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    const bool is_line = code_point == '\t' || code_point == '\n' || code_point == '\r';
    if (find_range(kBertRemoved, code_point) != nullptr) return;
    clean.append(is_line || is_white_space(code_point) ? " " : character);
  });
  return clean;
}

std::string with_ideographs_apart(std::string_view text) {
  std::string apart;
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    const bool is_word = find_range(kBertIdeographs, code_point) != nullptr;
    if (is_word) apart += ' ';
    apart.append(character);
    if (is_word) apart += ' ';
  });
  return apart;
}

/// Appends the canonical decomposition of a character without its non-spacing marks.
void append_without_marks(std::string& text, char32_t code_point) {
  constexpr int kMost = 64;
  utf8proc_int32_t parts[kMost];
  int last_class = 0;
  const auto count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(code_point), parts, kMost,
      static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &last_class);
  for (utf8proc_ssize_t i = 0; i < count && i < kMost; ++i) {
    const auto part = static_cast<char32_t>(parts[i]);
    if (category_of(part) != UTF8PROC_CATEGORY_MN) append_utf8(text, part);
  }
}

// Marks are left out, so that their order does not matter.
std::string without_accents(std::string_view text) {
  std::string plain;
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    if (find_range(kBertKept, code_point) != nullptr) {
      plain.append(character);
    } else if (find_range(kBertAlsoMarks, code_point) == nullptr) {
      append_without_marks(plain, code_point);
    }
  });
  return plain;
}

}  // namespace

std::string bert_normalized(std::string_view text, const BertNormalization& options) {
  std::string normalized(text);
  if (options.clean_text) normalized = cleaned(normalized);
  if (options.handle_chinese_chars) normalized = with_ideographs_apart(normalized);
  if (options.strip_accents) normalized = without_accents(normalized);
  if (options.lowercase) normalized = lower_case(normalized);
  return normalized;
}

std::vector<std::string_view> bert_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0, end = 0;
  const auto finish = [&] {
    if (end > begin) words.push_back(text.substr(begin, end - begin));
  };
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    const auto at = static_cast<std::size_t>(character.data() - text.data());
    end = at;
    const bool is_mark = is_punctuation(code_point);
    if (!is_mark && !is_white_space(code_point)) return;
    finish();
    if (is_mark) words.push_back(character);
    begin = at + character.size();
  });
  end = text.size();
  finish();
  return words;
}

}  // namespace fdbench
