// Control networks that count during a share of the steps alone.
#pragma once

#include <span>
#include <vector>

#include "plan/plan.h"
#include "tasks/control_pictures.h"

namespace fdbench {

/// Leaves each network out of the steps at which it does not count: of T steps those with i / T
/// below its start or (i + 1) / T above its end (diffusers' `controlnet_keep`), and those at which
/// the plan would hold what the network has not made yet. Throws a usage error for such a network
/// in a plan that is decided during the run.
void limit_controls(Plan& plan, std::span<const LayerInfo> layers,
                    const std::vector<ControlSource>& sources);

}  // namespace fdbench
