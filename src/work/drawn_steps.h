// Which blocks and steps of a sweep are drawn: features by their principal components, and what the
// sampler takes the picture for.
#pragma once

#include <cstdint>
#include <vector>

#include "work/prepared_sweep.h"

namespace fdbench {

/// Columns of `watched` that are drawn, in their order; empty where nothing is. Throws a usage
/// error at the config's place for a block that is not watched.
std::vector<int> pca_columns(const PreparedSweep& sweep);

/// Steps of a run's stage that are drawn, counted from 0 in sampling order, rising. Throws a usage
/// error at the config's place for a step that the run does not have; a run that `equal_time` added
/// has those of them that it has, or the usual ones.
std::vector<int> pca_steps(const PreparedSweep& sweep, const PreparedRun& run, std::size_t stage);

/// The most steps that are drawn of any run.
std::int64_t num_pca_steps(const PreparedSweep& sweep);

/// Steps of the run's last stage whose estimate of the picture is drawn, counted from 0 in sampling
/// order, rising; empty where none is. Errors as pca_steps.
std::vector<int> predicted_steps(const PreparedSweep& sweep, const PreparedRun& run);

/// The most of any run.
std::int64_t num_predicted_steps(const PreparedSweep& sweep);

}  // namespace fdbench
