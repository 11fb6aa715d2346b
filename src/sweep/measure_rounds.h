// Which timing rounds are measured, by which process, and when there are enough.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "results/unit_file.h"
#include "sweep/unit_folder.h"
#include "work/prepared_sweep.h"
#include "work/work_units.h"

namespace fdbench {

/// Who measures a round.
struct RoundSource {
  /// This process.
  std::function<Arrays(const WorkUnit&)> here;
  /// Called before another process measures.
  std::function<void()> make_room;
  /// Program and arguments of another process; "--timing-rounds FIRST-LAST" is added. Empty: `here`
  /// measures all.
  std::vector<std::string> command;
};

/// Measures what is missing of `rounds`, in groups of `timing.rounds_per_process`, each in a
/// process of its own, because the rounds of one process agree better with each other than
/// processes do. With `timing.repeats` it ends after the first group that is enough. Rounds that
/// are complete already count, so that a sweep that goes on ends where an undisturbed one does.
/// show: multiply-adds measured by this call, and what comes next -> number of rounds that count,
/// from the first one on.
std::size_t measure_rounds(const PreparedSweep& sweep, const std::vector<const WorkUnit*>& rounds,
                           const UnitFolder& folder, const RoundSource& source,
                           const std::function<void(double, const std::string&)>& show);

}  // namespace fdbench
