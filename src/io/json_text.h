// JSON as Python writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace fdbench {

/// Parses JSON in which, beyond the standard, the numbers NaN, Infinity and -Infinity may stand:
/// Python's json module writes them, and diffusers has one in the config of its DPM-Solvers
/// (lambda_min_clipped). Throws nlohmann::json::exception; its places are those of `text`.
nlohmann::json parse_json(const std::string& text);

/// The same of a text that stands in `file`. Throws a usage error with line and column where it is
/// no JSON, or nested too deeply.
nlohmann::json parse_json(const std::string& text, const std::string& file);

/// The same with the keys of objects in the order of the text. A key that an object has twice is a
/// usage error, too, which names its path ("runs.e.fid").
nlohmann::ordered_json parse_ordered_json(const std::string& text, const std::string& file);

/// Whether lists and objects of a JSON text lie so deep in each other (more than 200) that no
/// honest file has them. nlohmann's parser takes any depth, but copying or printing such a value
/// overflows the stack, so that what comes from a file is asked first.
bool nested_too_deeply(std::string_view text);

}  // namespace fdbench
