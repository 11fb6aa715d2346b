// JSON files.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace fdbench {

/// Reads a JSON file, also with NaN and Infinity as Python writes them. Throws a usage error with
/// line and column when it is missing or not JSON.
nlohmann::json read_json(const std::filesystem::path& path);

}  // namespace fdbench
