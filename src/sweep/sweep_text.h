// What a sweep says of itself before it begins.
#pragma once

#include <string>
#include <vector>

#include "work/prepared_sweep.h"

namespace fdbench {

/// "18 runs x 32 prompts, ddim 50 steps, guidance 4, 8 timing rounds".
std::string sweep_line(const PreparedSweep& sweep);

/// "8 timing rounds", "5 to 50 timing rounds, until intervals are within 1%, 5 a process".
std::string timing_text(const TimingSettings& timing);

/// A line a run: how much of it its plan lets run.
std::vector<std::string> plan_lines(const PreparedSweep& sweep);

}  // namespace fdbench
