// What a schedule costs in multiply-adds, with the exact savings accounted for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/denoiser.h"
#include "plan/exact_savings.h"
#include "plan/schedule.h"

namespace fdbench {

/// Multiply-adds of each layer over all steps of a schedule, as `NetworkPass` runs it. costs: of
/// each layer for one call (with guidance: for both halves). guided: the batch is [unconditional;
/// conditional].
std::vector<std::int64_t> plan_cost(const Schedule& schedule, std::span<const LayerInfo> layers,
                                    std::span<const LayerCost> costs, const ExactSavings& savings,
                                    bool guided);

}  // namespace fdbench
