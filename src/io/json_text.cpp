#include "io/json_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

namespace fdbench {
namespace {

using nlohmann::json;

constexpr int kDeepest = 200;

/// A JSON text with a plain 0 in place of each number that the standard lacks, padded to the same
/// length.
struct StandardText {
  std::string text;
  std::map<std::size_t, double> numbers;  // by place among all keys and values of the text
};

std::optional<double> number_of(std::string_view word) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (word == "Infinity") return kInfinity;
  if (word == "-Infinity") return -kInfinity;
  return std::nullopt;
}

/// End of the text in quotes that begins at `begin`.
std::size_t string_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

bool in_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '+' ||
         letter == '.';
}

StandardText standard_text(const std::string& text) {
  StandardText standard{text, {}};
  std::size_t count = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    if (text[begin] == '"') {
      end = string_end(text, begin);
      ++count;
    } else if (in_word(text[begin])) {
      while (end < text.size() && in_word(text[end])) ++end;
      if (const auto number = number_of(std::string_view(text).substr(begin, end - begin))) {
        standard.numbers[count] = *number;
        standard.text.replace(begin, end - begin, "0" + std::string(end - begin - 1, ' '));
      }
      ++count;
    }
    begin = end;
  }
  return standard;
}

}  // namespace

json parse_json(const std::string& text) {
  const bool plain =
      text.find("NaN") == std::string::npos && text.find("Infinity") == std::string::npos;
  if (plain) return json::parse(text);
  const StandardText standard = standard_text(text);
  std::size_t count = 0;
  return json::parse(standard.text, [&](int, json::parse_event_t event, json& parsed) {
    if (event != json::parse_event_t::key && event != json::parse_event_t::value) return true;
    const auto number = standard.numbers.find(count++);
    if (number != standard.numbers.end()) parsed = number->second;
    return true;
  });
}

bool nested_too_deeply(std::string_view text) {
  int depth = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const char letter = text[begin];
    if (letter == '[' || letter == '{') ++depth;
    if (letter == ']' || letter == '}') --depth;
    if (depth > kDeepest) return true;
    begin = letter == '"' ? string_end(text, begin) : begin + 1;
  }
  return false;
}

}  // namespace fdbench
