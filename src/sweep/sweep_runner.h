// Runs a sweep: resumes, computes the missing units, merges.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.h"
#include "sweep/shard.h"

namespace fdbench {

struct SweepOptions {
  std::filesystem::path output;
  bool fresh = false;    // begin anew, whatever is there
  bool quiet = false;    // nothing but faults is printed
  bool dry_run = false;  // print what would be done, write nothing
  /// Program and arguments that run the same sweep; `rounds_per_process` adds "--timing-rounds" to
  /// it. Empty: all rounds in this process.
  std::vector<std::string> timing_command;
  /// First and last of the rounds that this process measures for one that waits for it; nothing
  /// else is done then.
  std::optional<std::pair<int, int>> timing_rounds;
  Shard shard;  // of which only the units are computed, into a file for `fdbench merge`
};

/// Prints head lines, progress (on a terminal), the table of runs and where it is. A fault leaves
/// complete units where they are; the same call goes on from there. A usage error for an output of
/// another configuration without `fresh`.
void run_sweep(const Experiment& experiment, const SweepOptions& options);

}  // namespace fdbench
