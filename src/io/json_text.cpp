#include "io/json_text.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace fdbench {
namespace {

using nlohmann::json;

constexpr int kDeepest = 200;

/// A JSON text with a plain 0 in place of each number that the standard lacks, padded to the same
/// length.
struct StandardText {
  std::string text;
  /// By place among all keys and values of the text.
  std::map<std::size_t, double> numbers;
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

/// Line and column of byte `position` (counted from 1, as nlohmann-json does).
Place place_of(const std::string& file, const std::string& text, std::size_t position) {
  const std::size_t end = std::min(text.size(), position > 0 ? position - 1 : 0);
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n');
  const std::size_t start = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const std::size_t column = start == std::string::npos ? end + 1 : end - start;
  return {file, static_cast<int>(line) + 1, static_cast<int>(column)};
}

/// nlohmann's message without its number and its own line and column.
std::string reason_of(const json::parse_error& error) {
  const std::string text = error.what();
  const std::size_t found = text.find("syntax error");
  const std::size_t shown = text.find(": ", text.find("column"));
  if (found != std::string::npos) return text.substr(found);
  return shown == std::string::npos ? text : text.substr(shown + 2);
}

/// Runs a parser of `text`, which stands in `file`; its faults become usage errors.
template <typename Parser>
auto placed(const std::string& text, const std::string& file, const Parser& parser) {
  if (nested_too_deeply(text)) throw usage_error(Place{file}, "is nested too deeply");
  try {
    return parser();
  } catch (const json::parse_error& error) {
    throw usage_error(place_of(file, text, error.byte), "is not JSON: " + reason_of(error));
  } catch (const json::exception& error) {
    throw usage_error(Place{file}, std::string("is not JSON: ") + error.what());
  }
}

/// Knows the keys of the objects that are open, to find one that is given twice.
class OpenObjects {
 public:
  void open() { objects_.emplace_back(); }
  void close() { objects_.pop_back(); }
  /// Throws a usage error for a key that the innermost object has.
  void add(const std::string& key, const std::string& file) {
    objects_.back().last = key;
    if (objects_.back().keys.insert(key).second) return;
    std::string path;
    for (const Object& object : objects_) path += (path.empty() ? "" : ".") + object.last;
    throw usage_error(Place{file}, "the key '" + path + "' is given twice");
  }

 private:
  struct Object {
    std::set<std::string> keys;
    std::string last;
  };
  std::vector<Object> objects_;
};

/// event: called with each, and with the value or key.
template <typename AnyJson, typename Event>
AnyJson parse_standard(const std::string& text, const Event& event) {
  const bool plain =
      text.find("NaN") == std::string::npos && text.find("Infinity") == std::string::npos;
  const StandardText standard = plain ? StandardText{text, {}} : standard_text(text);
  std::size_t count = 0;
  using Kind = typename AnyJson::parse_event_t;
  return AnyJson::parse(standard.text, [&](int, Kind kind, AnyJson& parsed) {
    event(kind, parsed);
    if (kind != Kind::key && kind != Kind::value) return true;
    const auto number = standard.numbers.find(count++);
    if (number != standard.numbers.end()) parsed = number->second;
    return true;
  });
}

}  // namespace

json parse_json(const std::string& text) {
  const bool plain =
      text.find("NaN") == std::string::npos && text.find("Infinity") == std::string::npos;
  if (plain) return json::parse(text);
  return parse_standard<json>(text, [](json::parse_event_t, const json&) {});
}

json parse_json(const std::string& text, const std::string& file) {
  return placed(text, file, [&] { return parse_json(text); });
}

nlohmann::ordered_json parse_ordered_json(const std::string& text, const std::string& file) {
  using Json = nlohmann::ordered_json;
  using Kind = Json::parse_event_t;
  OpenObjects objects;
  const auto event = [&](Kind kind, const Json& parsed) {
    if (kind == Kind::object_start) objects.open();
    if (kind == Kind::object_end) objects.close();
    if (kind == Kind::key) objects.add(parsed.get<std::string>(), file);
  };
  return placed(text, file, [&] { return parse_standard<Json>(text, event); });
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
