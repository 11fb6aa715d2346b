#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/text_pattern.h"

#include <pcre2.h>

#include <new>
#include <span>
#include <sstream>

#include "core/error.h"
#include "text/unicode_tables.h"

namespace fdbench {
namespace {

/// The ranges as they stand between the brackets of a character class.
std::string ranges_of(std::span<const CodePointRange> ranges) {
  std::ostringstream text;
  for (const CodePointRange& range : ranges) {
    text << std::hex << "\\x{" << static_cast<unsigned>(range.first) << "}-\\x{"
         << static_cast<unsigned>(range.last) << "}";
  }
  return text.str();
}

const std::string& letters() {
  static const std::string text = "\\p{L}" + ranges_of(kNewLetters);
  return text;
}

const std::string& numbers() {
  static const std::string text = "\\p{N}" + ranges_of(kNewNumbers);
  return text;
}

std::string others() { return "[^" + letters() + numbers() + ranges_of(kWhiteSpace) + "]+"; }

constexpr const char* kContractions = "'s|'t|'re|'ve|'m|'ll|'d|";

pcre2_code* code_of(const std::shared_ptr<void>& code) {
  return static_cast<pcre2_code*>(code.get());
}

}  // namespace

TextPattern::TextPattern(const std::string& pattern) {
  int fault = 0;
  PCRE2_SIZE position = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                   PCRE2_UTF, &fault, &position, nullptr);
  if (code == nullptr) {
    throw runtime_error("PCRE2 does not take the pattern '" + pattern + "' at " +
                        std::to_string(position));
  }
  code_ = {code, [](void* made) { pcre2_code_free(static_cast<pcre2_code*>(made)); }};
  // Without it matching is slower, not wrong.
  pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
}

void TextPattern::for_each_match(std::string_view text,
                                 const std::function<void(std::string_view)>& f) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match(
      pcre2_match_data_create_from_pattern(code_of(code_), nullptr), &pcre2_match_data_free);
  if (!match) throw std::bad_alloc();
  const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match.get());
  for (PCRE2_SIZE position = 0; position < text.size(); position = range[1]) {
    const int found = pcre2_match(code_of(code_), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                  text.size(), position, PCRE2_NO_UTF_CHECK, match.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH || (found >= 0 && range[1] <= position)) return;
    if (found < 0)
      throw runtime_error("PCRE2 cannot match this text (error " + std::to_string(found) + ")");
    f(text.substr(range[0], range[1] - range[0]));
  }
}

const TextPattern& clip_word_pattern() {
  static const TextPattern pattern(std::string("<\\|startoftext\\|>|<\\|endoftext\\|>|") +
                                   kContractions + "[" + letters() + "]+|[" + numbers() + "]|" +
                                   others());
  return pattern;
}

const TextPattern& byte_level_pattern() {
  static const TextPattern pattern(kContractions +
                                   ("[" + letters() + "]+|[" + numbers() + "]+|" + others()));
  return pattern;
}

}  // namespace fdbench
