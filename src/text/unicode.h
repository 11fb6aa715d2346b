// Unicode text as transformers' tokenizers treat it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace fdbench {

/// Replaces what is not UTF-8 by U+FFFD, one for each maximal broken sequence (as Python's
/// errors="replace" does).
std::string valid_utf8(std::string_view bytes);

/// Normalisation form C. `text`: valid UTF-8, as in the functions below.
std::string compose_nfc(std::string_view text);

/// Every run of white space becomes one space.
std::string collapse_white_space(std::string_view text);

/// Lower case character by character, without regard to context; U+0130 becomes "i" and U+0307.
std::string lower_case(std::string_view text);

/// Calls f(code point, its bytes) for each character.
void for_each_character(std::string_view text,
                        const std::function<void(char32_t, std::string_view)>& f);

/// Appends a code point as UTF-8.
void append_utf8(std::string& text, char32_t code_point);

}  // namespace fdbench
