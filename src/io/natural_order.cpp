#include "io/natural_order.h"

#include <algorithm>
#include <compare>
#include <cstddef>

namespace fdbench {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of the text, without leading zeros.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view number = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(number.size());
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

std::strong_ordering compared(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (is_digit(a[0]) && is_digit(b[0])) {
      const std::string_view x = take_number(a), y = take_number(b);
      if (x.size() != y.size()) return x.size() <=> y.size();
      if (x != y) return x <=> y;
      continue;
    }
    if (a[0] != b[0]) {
      return static_cast<unsigned char>(a[0]) <=> static_cast<unsigned char>(b[0]);
    }
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() <=> b.size();
}

}  // namespace

bool naturally_before(std::string_view a, std::string_view b) {
  const std::strong_ordering order = compared(a, b);
  return std::is_eq(order) ? a < b : std::is_lt(order);
}

}  // namespace fdbench
