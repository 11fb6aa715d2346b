// What a run says of its strategy: key steps and the options that the strategy declares.
#pragma once

#include <string>

#include "config/config_reader.h"
#include "plan/strategies.h"
#include "plan/variant.h"

namespace fdbench {

/// Reads `key_steps` and the options of `strategy.name`, which stand in the run's map or in a map
/// under the strategy's name; fills the rest of `strategy` in, for a run of num_steps. -> what the
/// name of the run has after the strategy. Throws usage errors with the place: for a key of another
/// strategy, for what does not go together, and for what is missing. Whether the model has what the
/// options name is seen later (resolve_for_model). variant: whose set a name in `key_steps` means.
std::string read_strategy(ConfigMap& map, StrategyOptions& strategy, int num_steps,
                          Variant variant);

}  // namespace fdbench
