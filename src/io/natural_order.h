// The order in which people count files.
#pragma once

#include <string_view>

namespace fdbench {

/// True where a comes before b: runs of digits compare as numbers (2.png before 10.png), the rest
/// as bytes; names that differ only in leading zeros, as bytes.
bool naturally_before(std::string_view a, std::string_view b);

}  // namespace fdbench
