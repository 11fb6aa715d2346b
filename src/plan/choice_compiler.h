// Compiles plans whose rows are decided during the run into the rows that can happen.
#pragma once

#include <span>

#include "plan/program.h"

namespace fdbench {

/// plan: with `Plan::adaptive`. Throws a usage error for a rule whose reusing row leaves out what
/// it looks at, or something that no earlier row can have given.
Program compile_choice(const Plan& plan, std::span<const LayerInfo> layers,
                       const ProgramOptions& options);

}  // namespace fdbench
