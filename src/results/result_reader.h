// Reads what a result file says about itself and its runs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "results/run_fields.h"

namespace fdbench {

/// 2 has an axis of stages (/timesteps [R, G, S], the table /stages and columns that refer to it);
/// files of version 1 are of one stage and are read as well.
inline constexpr int kSchemaVersion = 2, kOldestSchemaVersion = 1;
inline constexpr const char* kFormatName = "fdbench";
/// Of checksum_line.h.
inline constexpr const char* kResultChecksum = "result";

struct ResultSummary {
  std::map<std::string, std::string> attributes;
  std::vector<RunRecord> runs;
  /// Lines that belong beside the runs wherever they are shown: figures that are not numbers, the
  /// warnings of the sweep's scores, parts of different programs.
  std::vector<std::string> warnings;
  /// `line_of_disturbed`
  std::string disturbed;
};

/// Throws one line that names the file when it is missing (usage error), no HDF5 file, damaged, not
/// fdbench's or of another schema version (runtime errors).
ResultSummary read_summary(const std::filesystem::path& path);

}  // namespace fdbench
