// Numbers as text.
#pragma once

#include <string>

namespace fdbench {

/// Of at most six significant digits, for messages and names: "0.5", "1e-06".
std::string number_text(double value);
/// Of 17 significant digits: reads back as the same number.
std::string exact_number_text(double value);
/// format: printf's, of one double: "%.3g".
std::string printed(const char* format, double value);

}  // namespace fdbench
