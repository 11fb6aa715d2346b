// How a config says how often, and in how many processes, runs are timed.
#pragma once

#include "config/config_reader.h"
#include "config/experiment.h"

namespace fdbench {

/// {warmup: 1, rounds: 8}, or with {repeats: {min: 5, max: 50, until: 1%}} in place of `rounds`:
/// until the intervals are narrow enough; and `rounds_per_process`.
TimingSettings read_timing(const ConfigValue& value);

}  // namespace fdbench
