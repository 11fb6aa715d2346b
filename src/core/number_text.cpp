#include "core/number_text.h"

#include <array>
#include <cstdio>

namespace fdbench {

std::string number_text(double value) { return printed("%g", value); }

std::string exact_number_text(double value) { return printed("%.17g", value); }

std::string printed(const char* format, double value) {
  std::array<char, 128> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

}  // namespace fdbench
