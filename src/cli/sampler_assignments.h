// `--sampler-option key=value` of the command line.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fdbench {

/// Options for make_sampler. A value is read as JSON where it is JSON (0.5, true, null, [0.1, 0.2],
/// -Infinity), else as text. Throws a usage error for an assignment without `=` or key, and for a
/// key that is given twice.
nlohmann::json sampler_assignments(const std::vector<std::string>& assignments);

}  // namespace fdbench
