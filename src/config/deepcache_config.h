// The keys of a run of the strategy deepcache.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "config/experiment.h"

namespace fdbench {

/// cache_interval with skip_mode (uniform, or non_uniform with center and pow), or key_steps; and
/// cache_branch, or cache_block_id and cache_layer_id. Fills run.strategy in; -> the label of the
/// run. Whether the model has the ids is seen later (resolve_branch).
std::string read_deepcache(ConfigMap& map, RunSpec& run);

/// Throws for a key of deepcache in a run of another strategy.
void refuse_deepcache_keys(ConfigMap& map);

}  // namespace fdbench
