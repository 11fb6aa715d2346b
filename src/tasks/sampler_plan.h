// The plan of a run with a sampler, which may call the network more often than there are steps.
#pragma once

#include <span>
#include <vector>

#include "plan/strategies.h"
#include "samplers/sampler.h"
#include "tasks/control_pictures.h"

namespace fdbench {

/// The options with key steps for each call of the sampler: a sampler that makes more calls than
/// the `num_steps` it was asked for (PNDM, which begins with one step in two) makes them at its
/// start, and they are key steps.
StrategyOptions with_first_calls(StrategyOptions options, const Sampler& sampler, int num_steps);

/// make_plan with a row for each call of the sampler. controls: the model's, which count at some
/// steps alone (tasks/control_schedule.h).
Plan make_plan(const StrategyOptions& options, const Sampler& sampler, int num_steps,
               std::span<const LayerInfo> layers, const std::vector<ControlSource>& controls = {});

}  // namespace fdbench
