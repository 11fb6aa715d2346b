// Runs a sweep: resumes, computes the missing units, merges.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/experiment.h"
#include "core/reporter.h"
#include "denoisers/load_denoiser.h"
#include "results/result_reader.h"
#include "sweep/shard.h"

namespace fdbench {

struct SweepOptions {
  std::filesystem::path output;
  /// Begin anew, whatever is there.
  bool fresh = false;
  /// Say what would be done, write nothing.
  bool dry_run = false;
  /// Program and arguments that run the same sweep; `rounds_per_process` adds "--timing-rounds" to
  /// it. Empty: all rounds in this process.
  std::vector<std::string> timing_command;
  /// First and last of the rounds that this process measures for one that waits for it; nothing
  /// else is done then.
  std::optional<std::pair<int, int>> timing_rounds;
  /// Of the network that draws and is timed.
  DenoiserChange change;
  /// Of which only the units are computed, into a file for `fdbench merge`
  Shard shard;
};

/// What the whole result holds; nothing for a part, a dry run and a process that measured rounds
/// for another. reporter: hears head lines and progress. A signal that an `InterruptGuard` of the
/// caller took ends the sweep at the next step. A fault leaves complete units where they are; the
/// same call goes on from there. Throws a usage error for an output of another configuration
/// without `fresh`.
std::optional<ResultSummary> run_sweep(const Experiment& experiment, const SweepOptions& options,
                                       const Reporter& reporter);

}  // namespace fdbench
