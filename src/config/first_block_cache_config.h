// The keys of a run of the strategy first_block_cache.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "config/experiment.h"

namespace fdbench {

/// threshold, warmup, max_run and cache_branch. Fills run.strategy in; -> the label of the run.
/// Whether the model has the branch is seen later (resolve_for_model).
std::string read_first_block_cache(ConfigMap& map, RunSpec& run);

/// Throws for a key of first_block_cache in a run of another strategy.
void refuse_first_block_cache_keys(ConfigMap& map);

}  // namespace fdbench
