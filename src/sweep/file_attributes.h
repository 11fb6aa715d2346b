// What a result file says about itself (docs/results.md, attributes of the file).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sweep/assemble.h"

namespace fdbench {

/// All that is known before anything is read from the units, in the order of the file.
std::vector<std::pair<std::string, Attribute>> file_attributes(const SweepFacts& facts);

}  // namespace fdbench
