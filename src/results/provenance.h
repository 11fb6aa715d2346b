// Where a result comes from: the program and the machine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "results/hdf5.h"

namespace fdbench {

/// Attributes of the file that do not depend on the sweep: versions, compiler, git revision,
/// processor, kernel, host.
std::vector<std::pair<std::string, Attribute>> provenance();

/// UTC time, ISO 8601 ("2026-01-31T12:00:00Z").
std::string utc_now();

}  // namespace fdbench
