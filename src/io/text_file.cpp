#include "io/text_file.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/error.h"
#include "io/stand_in.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

/// Byte order mark of UTF-8.
constexpr std::string_view kMark = "\xEF\xBB\xBF";

/// Files of other kinds by what they begin with, and what to do about them.
struct Beginning {
  std::string_view bytes;
  const char* message;
};
constexpr Beginning kBeginnings[] = {
    {{"\xFF\xFE\0\0", 4}, "is UTF-32 text, wanted is UTF-8: iconv -f utf-32 -t utf-8 FILE > NEW"},
    {{"\0\0\xFE\xFF", 4}, "is UTF-32 text, wanted is UTF-8: iconv -f utf-32 -t utf-8 FILE > NEW"},
    {"\xFF\xFE", "is UTF-16 text, wanted is UTF-8: iconv -f utf-16 -t utf-8 FILE > NEW"},
    {"\xFE\xFF", "is UTF-16 text, wanted is UTF-8: iconv -f utf-16 -t utf-8 FILE > NEW"},
    {"\x1F\x8B", "is compressed by gzip, no text: gunzip FILE"},
    {"PK\x03\x04", "is a zip archive (as office programs write them), no text"},
};

struct BadByte {
  std::size_t offset = std::string_view::npos;
  std::string fault;
};

std::string byte_text(unsigned char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02X", byte);
  return text;
}

/// The first byte that is no UTF-8 text.
BadByte first_bad_byte(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\0') {
      return {at, "a NUL byte at offset " + std::to_string(at) + ": this is not text in UTF-8"};
    }
    utf8proc_int32_t letter = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &letter);
    if (length < 1) {
      return {at, "byte " + byte_text(bytes[at]) + " at offset " + std::to_string(at) +
                      " is no UTF-8 text"};
    }
    at += static_cast<std::size_t>(length);
  }
  return {};
}

/// The first line but the first that begins with a byte order mark; 0 where none does.
int line_with_mark(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '\n') continue;
    ++line;
    if (text.substr(at + 1).starts_with(kMark)) return line;
  }
  return 0;
}

int line_of(std::string_view text, std::size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + offset, '\n'));
}

/// CRLF and CR as LF.
std::string with_plain_line_ends(std::string text) {
  if (text.find('\r') == std::string::npos) return text;
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      plain += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      plain += '\n';
    }
  }
  return plain;
}

}  // namespace

std::string utf8_text(std::string bytes, const std::string& file) {
  for (const Beginning& other : kBeginnings) {
    if (!bytes.starts_with(other.bytes)) continue;
    std::string message = other.message;
    const std::size_t name = message.find("FILE");
    if (name != std::string::npos) message.replace(name, 4, file);
    throw usage_error(Place{file, 1}, message);
  }
  if (const BadByte bad = first_bad_byte(bytes); !bad.fault.empty()) {
    const bool is_nul = bytes[bad.offset] == '\0';
    throw usage_error(Place{file, line_of(bytes, bad.offset)},
                      bad.fault + (is_nul ? ""
                                          : "; of Latin-1 it is made by iconv -f latin1 -t "
                                            "utf8 " +
                                                file + " > NEW"));
  }
  if (bytes.starts_with(kMark)) bytes.erase(0, kMark.size());
  std::string text = with_plain_line_ends(std::move(bytes));
  if (const int line = line_with_mark(text); line > 0) {
    throw usage_error(Place{file, line},
                      "begins with a byte order mark (EF BB BF), which only a file may begin with; "
                      "two files put together? Take it out");
  }
  return text;
}

std::string read_text(const fs::path& path, const std::string& kind) {
  const Place place{path.string()};
  std::error_code ignored;
  if (!fs::exists(path, ignored)) throw usage_error(place, "no such " + kind);
  std::ifstream file(path, std::ios::binary);
  if (fs::is_directory(path, ignored) || !file) {
    throw usage_error(place, "cannot be read as a " + kind);
  }
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  refuse_stand_in(path, bytes);
  return utf8_text(std::move(bytes), path.string());
}

std::vector<TextLine> text_lines(std::string_view text) {
  std::vector<TextLine> lines;
  std::size_t num_kept = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const int number = static_cast<int>(lines.size()) + 1;
    lines.push_back({number, std::string(text.substr(begin, end - begin))});
    if (!is_blank(lines.back().text)) num_kept = lines.size();
    begin = end + 1;
  }
  lines.resize(num_kept);
  return lines;
}

bool is_blank(std::string_view text) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  for (std::size_t at = 0; at < text.size();) {
    utf8proc_int32_t letter = 0;
    const utf8proc_ssize_t length =
        utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &letter);
    if (length < 1) return false;
    const utf8proc_category_t category = utf8proc_category(letter);
    const bool is_separator = category == UTF8PROC_CATEGORY_ZS ||
                              category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
    const bool is_control = (letter >= '\t' && letter <= '\r') || letter == 0x85;
    // Of no width.
    const bool is_invisible = letter == 0x200B || letter == 0xFEFF;
    if (!is_separator && !is_control && !is_invisible) return false;
    at += static_cast<std::size_t>(length);
  }
  return true;
}

std::string encoding_fault(std::string_view text) { return first_bad_byte(text).fault; }

}  // namespace fdbench
