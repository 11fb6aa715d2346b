// Files of prompts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fdbench {

/// Captions of a JSON file {"prompts": ["...", or {"caption": ...}, ...]} or a list of the same, or
/// the lines of a .txt file (empty ones are left out). Throws a usage error that names the file.
std::vector<std::string> captions_of_file(const std::filesystem::path& path);

}  // namespace fdbench
