#include "sweep/prompt_file.h"

#include <fstream>

#include "core/error.h"
#include "io/model_folder.h"

namespace fdbench {
namespace {

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) throw usage_error(Place{path.string()}, "cannot be read");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace

PromptList prompts_of_file(const std::filesystem::path& path) {
  if (path.extension() == ".txt") return {lines_of(path), {}};
  const nlohmann::json json = read_json(path);
  const nlohmann::json list = json.is_object() ? json.value("prompts", nlohmann::json()) : json;
  if (!list.is_array()) throw usage_error(Place{path.string()}, "has no list 'prompts'");
  PromptList prompts;
  bool has_scenes = false;
  for (const nlohmann::json& prompt : list) {
    const bool named = prompt.is_object() && prompt.contains("caption");
    const nlohmann::json& caption = named ? prompt["caption"] : prompt;
    if (!caption.is_string()) {
      throw usage_error(Place{path.string()}, "prompt " + std::to_string(prompts.captions.size()) +
                                                  " has no text 'caption'");
    }
    prompts.captions.push_back(caption.get<std::string>());
    prompts.scenes.push_back(prompt.is_object() ? prompt.value("scene", nlohmann::json())
                                                : nlohmann::json());
    has_scenes |= !prompts.scenes.back().is_null();
  }
  if (!has_scenes) prompts.scenes.clear();
  return prompts;
}

std::vector<std::string> captions_of_file(const std::filesystem::path& path) {
  return prompts_of_file(path).captions;
}

}  // namespace fdbench
