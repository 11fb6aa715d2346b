// Text that must stand on one line of a terminal or a table.
#pragma once

#include <string>
#include <string_view>

namespace fdbench {

/// The text on one line that is safe to show: line breaks and tabs become spaces; other control
/// characters, which could move a terminal's cursor or end a text in C, and bytes that are no UTF-8
/// stand as \x1b.
std::string one_line(std::string_view text);

}  // namespace fdbench
