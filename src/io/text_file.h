// Text as people bring it: the one reader of all text inputs (configs, prompts, JSON).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fdbench {

/// Bytes of a file or of the command line as text: UTF-8 without its byte order mark, lines that
/// end in LF alone (CRLF and CR become LF). file: for messages. Throws a usage error with line,
/// byte offset and remedy for any other encoding (Latin-1, UTF-16), for NUL bytes and for a byte
/// order mark at the beginning of a later line.
std::string utf8_text(std::string bytes, const std::string& file);

/// The text of a file. kind: what it should be, for messages ("config file"). Throws a usage error
/// when it is missing, no plain file, cannot be read, or is no text (`utf8_text`).
std::string read_text(const std::filesystem::path& path, const std::string& kind = "file");

struct TextLine {
  /// Counted from 1.
  int number = 0;
  std::string text;
};

/// The lines of a text, without the blank ones at its end.
std::vector<TextLine> text_lines(std::string_view text);

/// True for a text of nothing but white space (of Unicode), and for an empty one.
bool is_blank(std::string_view text);

/// "" for UTF-8, else what is wrong with the first byte that is not, with its offset.
std::string encoding_fault(std::string_view text);

}  // namespace fdbench
