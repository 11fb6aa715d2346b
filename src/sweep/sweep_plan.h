// A sweep with its units of work: what its config says, and what is measured before it can be
// planned to the end.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/reporter.h"
#include "sweep/shard.h"
#include "sweep/unit_maker.h"
#include "work/prepared_sweep.h"
#include "work/sweep_settings.h"
#include "work/work_units.h"

namespace fdbench {

class SweepPlan {
 public:
  /// experiment: outlives the plan. Throws what prepare_sweep throws, and a usage error for a sweep
  /// that cannot run in parts where `shard` is one.
  SweepPlan(const Experiment& experiment, const Shard& shard);

  const std::vector<StageFolder>& folders() const { return folders_; }
  const PreparedSweep& sweep() const { return sweep_; }
  /// Of the experiment as its config states it: the name of the sweep's work.
  const Settings& settings() const { return settings_; }
  const std::vector<WorkUnit>& units() const { return units_; }
  int num_threads() const { return num_threads_; }

  /// Decides the runs of `execution: auto` and adds the plain runs of `equal_time`, by what is
  /// measured now or was before. folder: of the units, which keep what was measured.
  void decide(const std::filesystem::path& folder, UnitMaker& maker, const Reporter& reporter);
  /// Leaves out the rounds from `num_rounds` on, where fewer are enough.
  void keep_rounds(std::size_t num_rounds);

 private:
  void choose_executions(const std::filesystem::path& folder, UnitMaker& maker,
                         const Reporter& reporter);
  void add_equal_time(const std::filesystem::path& folder, UnitMaker& maker,
                      const Reporter& reporter);
  /// Takes the experiment with what was decided.
  void replan(const Experiment& decided);
  Settings decided_settings() const;

  std::vector<StageFolder> folders_;
  std::unique_ptr<Task> outline_;
  PreparedSweep sweep_;
  int num_threads_;
  Settings settings_;
  std::vector<WorkUnit> units_;
};

}  // namespace fdbench
