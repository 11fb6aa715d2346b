// Figures that are not samples: the same seeds make the same pictures, so each has a window that it
// may not leave.
#pragma once

#include <vector>

#include "gate/gate_baseline.h"
#include "gate/gate_finding.h"

namespace fdbench {

/// Multiply-adds, distances to the plain run's pictures, scores of judges and features of one run;
/// of a baseline the features alone. A figure that was not committed (NaN) is not checked.
std::vector<Finding> check_windows(const GatedRun& before, const RunMeasures& now,
                                   const Gates& gates);

}  // namespace fdbench
