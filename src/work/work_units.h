// The pieces that a sweep is computed, stored and resumed in.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/settings.h"
#include "work/prepared_sweep.h"

namespace fdbench {

struct WorkUnit {
  enum class Kind {
    /// One run, pictures first .. first + count - 1.
    kPictures,
    /// One round: every run makes the same picture.
    kTiming,
    /// Times that the sweep's plan depends on (equal_time.h, measured_execution.h).
    kCalibration,
  };
  Kind kind = Kind::kPictures;
  int run = -1;
  std::int64_t first = 0, count = 0;
  int round = -1;
  /// [multiply-adds], for the estimate of the time left; 0 where an earlier unit is the same.
  double cost = 0;
  /// Of all that determines the unit's contents: its file name. Runs of the same grid share units.
  std::string hash;

  std::string file_name() const { return hash + ".h5"; }
};

/// All units in the order they are done: pictures run by run, then the rounds. Chunks of pictures
/// are fixed, so what a unit holds does not depend on where an earlier start was interrupted.
std::vector<WorkUnit> plan_units(const PreparedSweep& sweep, const Settings& settings);

}  // namespace fdbench
