// The schema of a result file as text: run fields and arrays.
#pragma once

#include <string>
#include <vector>

namespace fdbench {

/// table, json, md.
std::vector<std::string> schema_formats();

/// Throws a usage error for another format.
std::string schema_text(const std::string& format);

}  // namespace fdbench
