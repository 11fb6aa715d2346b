// The grid of a stage of a run as text and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "work/prepared_sweep.h"

namespace fdbench {

/// Blocks down, steps across in sampling order, as plan/plan_grid.h reads them back; where the
/// layers of a block differ, a line each. Long runs continue below; at most 100 columns.
std::string plan_grid(const PreparedSweep& sweep, const PreparedRun& run, std::size_t stage = 0);

/// name, num_steps, layers, cells and ran: [S][L]; of a model of several stages `stage`, too.
nlohmann::ordered_json plan_json(const PreparedSweep& sweep, const PreparedRun& run,
                                 std::size_t stage = 0);

}  // namespace fdbench
