// The baseline that users ask for first: the plain sampler with as many steps as fit into a
// method's measured time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "results/unit_file.h"
#include "tasks/text_to_image.h"
#include "work/prepared_sweep.h"
#include "work/work_units.h"

namespace fdbench {

/// Indices of the runs that get one: those that `equal_time:` names, or with `true` every run that
/// is not plain and has a baseline.
std::vector<int> equal_time_methods(const Experiment& experiment);

/// Measures the methods and their baselines, interleaved, in kEqualTimeRounds rounds after a
/// warm-up -> "/steps" [R] int32: whole steps of the baseline that fit into a method's time in the
/// network, at least 1 and at most as many as the baseline has; 0 for runs that are no method.
Arrays calibrate(const PreparedSweep& sweep, const Task& task,
                 const std::function<void(int done, int total)>& progress);

/// The unit in which a sweep keeps the measured steps, so that it goes on with the same ones.
WorkUnit calibration_unit(const Settings& settings);

/// The experiment with the plain runs added, named equal_time/BASELINE/N_steps; methods with the
/// same baseline and steps share one. calibration: what `calibrate` gave.
Experiment with_equal_time(Experiment experiment, const Arrays& calibration);

}  // namespace fdbench
