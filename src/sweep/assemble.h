// Joins complete work units into the one result file.
#pragma once

#include "core/progress.h"
#include "results/hdf5.h"
#include "results/run_fields.h"
#include "results/settings.h"
#include "sweep/unit_folder.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// What the file says about itself besides the arrays.
struct SweepFacts {
  const PreparedSweep& sweep;
  const std::vector<StageFolder>& folders;
  const Settings& settings;
  int num_threads;
  /// Attributes that say where it was computed: of this program and machine, or those of the part
  /// that measured the times.
  std::vector<std::pair<std::string, Attribute>> provenance;
  /// A line a part; empty: computed in one go.
  std::vector<std::string> merged_from = {};
  /// Of what the judges compute.
  ProgressWriter write_progress = {};
  /// That belong beside the runs.
  std::vector<std::string> warnings = {};
};

/// Writes `output` whole or not at all; -> the rows of /runs.
std::vector<RunRecord> assemble(const SweepFacts& facts, const std::vector<WorkUnit>& units,
                                const UnitFolder& folder, const std::filesystem::path& output);

}  // namespace fdbench
