// What ops do, without the numbers of steps and slots: equal for calls that could replay each
// other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "plan/program.h"

namespace fdbench {

/// states: `Call::states` of the ops' call.
std::uint64_t pattern_of(std::span<const Op> ops,
                         const std::vector<std::vector<std::size_t>>& states);

}  // namespace fdbench
