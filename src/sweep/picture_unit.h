// Makes the pictures of a work unit, with features and the grid that really ran.
#pragma once

#include <functional>
#include <string>

#include "core/error.h"
#include "core/interrupt.h"
#include "results/unit_file.h"
#include "work/prepared_sweep.h"
#include "work/run_latents.h"
#include "work/work_units.h"

namespace fdbench {

/// done: called after each batch with the number of pictures made so far.
Arrays make_pictures(const PreparedSweep& sweep, const Task& task, const WorkUnit& unit,
                     const std::function<void(std::int64_t)>& done);

/// Runs an action; a runtime fault of it is told with the run and its pictures.
template <typename Action>
auto of_pictures(const PreparedRun& run, std::int64_t first, std::int64_t count,
                 const Action& action) {
  try {
    return action();
  } catch (const Interrupted&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kRuntime) throw;
    throw runtime_error("run '" + run.spec.name + "', " + (count == 1 ? "picture " : "pictures ") +
                        std::to_string(first) +
                        (count == 1 ? "" : " to " + std::to_string(first + count - 1)) +
                        " (counted from 0): " + error.what());
  }
}

}  // namespace fdbench
