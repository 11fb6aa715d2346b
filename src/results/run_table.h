// Run records as text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/run_fields.h"

namespace fdbench {

/// table: for a terminal, chosen fields; md: the same as a Markdown table; csv and json: all
/// fields.
std::vector<std::string> table_formats();

/// Text of the records in one of table_formats(), ending in a line break. Throws a usage error for
/// an unknown format.
std::string format_runs(std::span<const RunRecord> records, const std::string& format);

}  // namespace fdbench
