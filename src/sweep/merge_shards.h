// Joins the parts of a sharded sweep into the one result file.
#pragma once

#include <filesystem>
#include <vector>

#include "results/run_fields.h"

namespace fdbench {

/// Takes the units of all parts into the output's unit folder and assembles them as an undivided
/// sweep does: killed, the same call goes on, and a
/// result of the same parts that is there already is made again. Needs the model folder's configs,
/// no weights. Usage errors: parts of different settings or counts, a part that is missing, an
/// output that is one of the parts or (without `fresh`) another sweep's. What the parts' programs
/// and machines differ in is a warning, and kept in the file. Runtime errors: a unit that two parts
/// hold with different contents, a damaged unit. -> the rows of /runs.
std::vector<RunRecord> merge_shards(const std::filesystem::path& output,
                                    const std::vector<std::filesystem::path>& inputs, bool fresh);

}  // namespace fdbench
