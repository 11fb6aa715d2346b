// Run records as text.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "results/result_reader.h"
#include "results/run_fields.h"

namespace fdbench {

/// table: for a terminal, chosen fields; md: the same as a Markdown table; csv and json: all
/// fields.
std::vector<std::string> table_formats();

/// Text of the runs in one of table_formats(), ending in a line break; table and md end with what a
/// reader must know besides. A figure that a run must have and has not is "nan". Throws a usage
/// error for an unknown format.
std::string format_runs(const ResultSummary& summary, const std::string& format);
/// The same of runs that stand in no file.
std::string format_runs(std::span<const RunRecord> records, const std::string& format);

}  // namespace fdbench
