// Runs of `execution: auto`: which execution each takes is measured before the units are planned,
// and kept in a unit of its own, so that a sweep that goes on takes the same one. Of models of one
// stage.
#pragma once

#include <functional>
#include <string>

#include "profiling/execution_choice.h"
#include "results/unit_file.h"
#include "work/prepared_sweep.h"
#include "work/run_latents.h"
#include "work/work_units.h"

namespace fdbench {

/// True when a run is to take the execution that is measured as the fastest.
bool has_auto_execution(const Experiment& experiment);

/// The unit that keeps what was measured for a run: the same for runs of the same work.
WorkUnit execution_unit(const PreparedSweep& sweep, const Settings& settings, int run);

/// Times the ways to make the run's latent of picture 0 (execution_choice.h), interleaved ->
/// "/max_parallel" [W] int32: steps in one batch, 1: sequential, 0: no cap; "/seconds" [W, N] of
/// each round. between: called before each timing.
/// pair: text states of picture 0.
Arrays measure_execution(const PreparedSweep& sweep, const Task& task, int run,
                         const PromptPair& pair, const std::function<void()>& between);

/// What `measure_execution` gave.
WayTimes way_times(const Arrays& measured);

/// The experiment with the fastest way in place of each `auto`. measured: what a unit of
/// `execution_unit` holds; asked for runs of which more than one way is worth a measurement, the
/// others are sequential. say: hears a line for each run.
Experiment with_measured_executions(const PreparedSweep& sweep, const Settings& settings,
                                    const std::function<Arrays(const WorkUnit&)>& measured,
                                    const std::function<void(const std::string&)>& say);

/// "auto: fastest of sequential; parallel, at most 2 steps a batch; parallel"; "auto: sequential,
/// no steps share a batch" where there is nothing to measure.
std::string auto_text(const StageRun& run);

}  // namespace fdbench
