// Files of prompts.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace fdbench {

struct PromptList {
  std::vector<std::string> captions;
  std::vector<nlohmann::json> scenes;  // as long as captions, or empty: none has a scene
  std::vector<std::string> file_names = {};  // of the pictures, as long as captions, or empty
};

/// Captions of a JSON file {"prompts": ["...", or {"caption": ...}, ...]} or a list of the same, or
/// the lines of a .txt file (empty ones are left out); of prompts with a `scene` that, too. Throws
/// a usage error that names the file.
PromptList prompts_of_file(const std::filesystem::path& path);
/// The captions alone.
std::vector<std::string> captions_of_file(const std::filesystem::path& path);

}  // namespace fdbench
