#include "text/unicode.h"

#include <utf8proc.h>

#include <cstdlib>
#include <memory>
#include <new>

#include "text/unicode_tables.h"

namespace fdbench {
namespace {

/// U+FFFD
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// What may follow a lead byte (Unicode standard, table 3-7): the number of bytes behind it and the
/// range of the first of those.
struct LeadByte {
  /// -1: no lead byte.
  int following = -1;
  unsigned char low = 0x80, high = 0xBF;
};

LeadByte lead_byte(unsigned char byte) {
  if (byte < 0x80) return {0};
  if (byte < 0xC2 || byte > 0xF4) return {};
  if (byte < 0xE0) return {1};
  if (byte < 0xF0) {
    return {2, static_cast<unsigned char>(byte == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(byte == 0xED ? 0x9F : 0xBF)};
  }
  return {3, static_cast<unsigned char>(byte == 0xF0 ? 0x90 : 0x80),
          static_cast<unsigned char>(byte == 0xF4 ? 0x8F : 0xBF)};
}

struct Sequence {
  std::size_t length;
  bool valid;
};

/// The character at the start of `bytes`, or the longest part of one.
Sequence next_sequence(std::string_view bytes) {
  LeadByte lead = lead_byte(static_cast<unsigned char>(bytes[0]));
  if (lead.following < 0) return {1, false};
  std::size_t length = 1;
  for (; lead.following > 0; --lead.following, ++length) {
    if (length >= bytes.size()) return {length, false};
    const auto byte = static_cast<unsigned char>(bytes[length]);
    if (byte < lead.low || byte > lead.high) return {length, false};
    lead.low = 0x80;
    lead.high = 0xBF;
  }
  return {length, true};
}

bool is_ascii(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) >= 0x80) return false;
  }
  return true;
}

void append_nfc(std::string& to, std::string_view text) {
  if (is_ascii(text)) {
    to.append(text);
    return;
  }
  utf8proc_uint8_t* composed = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                   static_cast<utf8proc_ssize_t>(text.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  // The only failure that valid text leaves.
  if (length < 0) throw std::bad_alloc();
  to.append(reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length));
}

}  // namespace

void for_each_character(std::string_view text,
                        const std::function<void(char32_t, std::string_view)>& f) {
  const auto* data = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    utf8proc_int32_t code_point = 0;
    const auto length =
        utf8proc_iterate(data + i, static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    // Cannot be: the text is valid.
    if (length <= 0) break;
    f(static_cast<char32_t>(code_point), text.substr(i, static_cast<std::size_t>(length)));
    i += static_cast<std::size_t>(length);
  }
}

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = next_sequence(bytes);
    text.append(sequence.valid ? bytes.substr(0, sequence.length) : kReplacement);
    bytes.remove_prefix(sequence.length);
  }
  return text;
}

std::string compose_nfc(std::string_view text) {
  std::string composed;
  std::size_t begin = 0;
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    if (find_range(kNewMarks, code_point) == nullptr) return;
    const auto at = static_cast<std::size_t>(character.data() - text.data());
    append_nfc(composed, text.substr(begin, at - begin));
    composed.append(character);
    begin = at + character.size();
  });
  append_nfc(composed, text.substr(begin));
  return composed;
}

std::string collapse_white_space(std::string_view text) {
  std::string collapsed;
  bool in_run = false;
  for_each_character(text, [&](char32_t code_point, std::string_view character) {
    const bool is_space = find_range(kWhiteSpace, code_point) != nullptr;
    if (!is_space) collapsed.append(character);
    if (is_space && !in_run) collapsed.push_back(' ');
    in_run = is_space;
  });
  return collapsed;
}

std::string lower_case(std::string_view text) {
  constexpr char32_t kDottedCapitalI = 0x130;
  std::string lower;
  for_each_character(text, [&](char32_t code_point, std::string_view) {
    const LowerCaseRange* range = find_range(kNewLowerCase, code_point);
    if (code_point == kDottedCapitalI) {
      lower += "i\xCC\x87";
    } else if (range != nullptr) {
      append_utf8(lower, code_point + static_cast<char32_t>(range->shift));
    } else {
      append_utf8(lower, static_cast<char32_t>(
                             utf8proc_tolower(static_cast<utf8proc_int32_t>(code_point))));
    }
  });
  return lower;
}

void append_utf8(std::string& text, char32_t code_point) {
  utf8proc_uint8_t bytes[4];
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(code_point), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
}

}  // namespace fdbench
