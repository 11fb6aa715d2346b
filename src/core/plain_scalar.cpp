#include "core/plain_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace fdbench {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Takes the digits at the beginning of `text`; -> how many.
std::size_t take_digits(std::string_view& text, std::string_view digits = kDigits) {
  const std::size_t count = std::min(text.find_first_not_of(digits), text.size());
  text.remove_prefix(count);
  return count;
}

bool take_sign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

struct WholeForm {
  /// 0: no whole number.
  int base = 0;
  bool negative = false;
  std::string_view digits;
};

/// [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+
WholeForm whole_form(std::string_view text) {
  WholeForm form;
  std::string_view digits = kDigits;
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    digits = "0123456789abcdefABCDEF";
  } else if (text.starts_with("0o")) {
    base = 8;
    digits = "01234567";
  }
  if (base == 10) {
    form.negative = take_sign(text);
  } else {
    text.remove_prefix(2);
  }
  form.digits = text;
  if (take_digits(text, digits) > 0 && text.empty()) form.base = base;
  return form;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_decimal(std::string_view text) {
  take_sign(text);
  std::size_t count = take_digits(text);
  const bool whole = count > 0;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    count += take_digits(text);
  }
  if (!whole && count == 0) return false;
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    take_sign(text);
    if (take_digits(text) == 0) return false;
  }
  return text.empty();
}

bool is_infinity(std::string_view text) {
  take_sign(text);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

bool is_nan(std::string_view text) { return text == ".nan" || text == ".NaN" || text == ".NAN"; }

std::string bound_text(double bound) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", bound);
  return text;
}

std::string lower_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

}  // namespace

bool is_plain_whole_number(const std::string& text) { return whole_form(text).base != 0; }

bool is_plain_number(const std::string& text) {
  return is_plain_whole_number(text) || is_decimal(text) || is_infinity(text) || is_nan(text);
}

double plain_number_value(const std::string& text) {
  if (is_nan(text)) return std::numeric_limits<double>::quiet_NaN();
  if (is_infinity(text)) return text.starts_with('-') ? -kInfinity : kInfinity;
  const WholeForm form = whole_form(text);
  if (form.base == 8 || form.base == 16) {
    return static_cast<double>(std::strtoull(std::string(form.digits).c_str(), nullptr, form.base));
  }
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  double value = 0;
  const auto [stop, fault] = std::from_chars(begin, text.data() + text.size(), value);
  if (fault != std::errc::result_out_of_range) return value;
  // Infinity, or 0
  return std::strtod(begin, nullptr);
}

PlainScalar<std::int64_t> plain_whole_number(const std::string& text, std::int64_t low,
                                             std::int64_t high) {
  const WholeForm form = whole_form(text);
  if (form.base == 0) return {0, "must be a whole number, not '" + text + "'"};
  const std::string signed_digits = (form.negative ? "-" : "") + std::string(form.digits);
  std::int64_t value = 0;
  const char* end = signed_digits.data() + signed_digits.size();
  const auto [stop, fault] = std::from_chars(signed_digits.data(), end, value, form.base);
  const bool is_beyond = fault == std::errc::result_out_of_range;
  if (value < low || (is_beyond && form.negative)) {
    return {0, "is " + text + "; it must be at least " + std::to_string(low)};
  }
  if (value > high || is_beyond) {
    return {0, "is " + text + "; it must be at most " + std::to_string(high)};
  }
  return {value, ""};
}

PlainScalar<double> plain_number(const std::string& text, double low) {
  if (!is_plain_number(text)) return {0, "must be a number, not '" + text + "'"};
  const double value = plain_number_value(text);
  if (!std::isfinite(value)) return {0, "must be a finite number, not '" + text + "'"};
  if (value < low) return {0, "is " + text + "; it must be at least " + bound_text(low)};
  return {value, ""};
}

PlainScalar<bool> plain_truth(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return {true, ""};
  if (text == "false" || text == "False" || text == "FALSE") return {false, ""};
  std::string fault = "must be true or false, not '" + text + "'";
  const std::string word = lower_case(text);
  const bool yes = word == "yes" || word == "on" || word == "y";
  if (yes || word == "no" || word == "off" || word == "n") {
    fault += std::string(", which is a text in YAML 1.2: write ") + (yes ? "true" : "false");
  }
  return {false, fault};
}

}  // namespace fdbench
