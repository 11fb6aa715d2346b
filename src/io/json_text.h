// JSON as Python writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace fdbench {

/// Parses JSON in which, beyond the standard, the numbers NaN, Infinity and -Infinity may stand:
/// Python's json module writes them, and diffusers has one in the config of its DPM-Solvers
/// (lambda_min_clipped). Throws nlohmann::json::exception; its places are those of `text`.
nlohmann::json parse_json(const std::string& text);

}  // namespace fdbench
