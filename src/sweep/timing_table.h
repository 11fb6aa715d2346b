// All timing rounds of a sweep side by side.
#pragma once

#include <vector>

#include "results/unit_file.h"
#include "work/prepared_sweep.h"

namespace fdbench {

/// Units of timing_round.h joined along the rounds: [R, N], [R, G, N] or [L, N], and [N] of what a
/// round has one value of. kProcess becomes the number of the process, 0, 1, ... in the order of
/// its first round. What not all rounds have, since an older version measured some, is left out.
Arrays join_rounds(const std::vector<Arrays>& rounds);

/// True when `repeats: {min, max, until}` is satisfied: at least `min` rounds, and the half width
/// of each run's interval of `unet_speedup` is at most `until` of it. timing: what `join_rounds`
/// gave.
bool are_enough(const PreparedSweep& sweep, const Arrays& timing);

/// Number of the process that measured each round [N]; empty where the rounds do not say.
std::vector<int> processes_of(const Arrays& timing);

}  // namespace fdbench
