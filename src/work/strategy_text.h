// A run's strategy as its settings and its record hold it.
#pragma once

#include <nlohmann/json.hpp>

#include "plan/strategies.h"
#include "results/run_fields.h"

namespace fdbench {

/// Adds name, key steps, reuse and options to a run's settings: structured values under their own
/// names, all others as one list in the order of the strategy's options, but for those that key
/// steps are made of. -1: a whole number that was not given and has no initial value.
void add_strategy(nlohmann::json& settings, const StrategyOptions& strategy);

/// Fills in `strategy_options` (JSON by the names of options; of a grid the plan's cells tell) and
/// the columns that options name. strategy: resolved for the model.
void record_options(RunRecord& record, const StrategyOptions& strategy);

}  // namespace fdbench
