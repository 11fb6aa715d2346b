#include "io/model_path.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/notes.h"
#include "io/checkpoint.h"
#include "io/stand_in.h"

namespace fdbench {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// The commit that refs/main names; "" when there is none.
std::string main_commit(const fs::path& cache) {
  std::ifstream file(cache / "refs" / "main");
  std::string commit;
  file >> commit;
  return commit;
}

/// The snapshot of a folder of the Hugging Face cache.
fs::path snapshot(const fs::path& cache) {
  std::vector<std::string> names;
  for (const fs::path& path : sorted_entries(cache / "snapshots")) {
    if (fs::is_directory(path)) names.push_back(path.filename().string());
  }
  if (names.empty()) {
    throw usage_error({cache.string()},
                      "is a folder of the Hugging Face cache without a snapshot: the download did "
                      "not finish; start it again");
  }
  std::string chosen = main_commit(cache);
  const bool by_ref = !chosen.empty();
  if (!by_ref && names.size() == 1) chosen = names.front();
  if (std::find(names.begin(), names.end(), chosen) == names.end()) {
    const std::string why = by_ref
                                ? "refs/main names the snapshot " + chosen + ", which is not there"
                                : "there is no refs/main to say which";
    throw usage_error({cache.string()}, "is a folder of the Hugging Face cache, and " + why +
                                            "; give one of " + (cache / "snapshots").string() +
                                            "/: " + joined(names));
  }
  say_note(Place{cache.string()}, "is a folder of the Hugging Face cache; snapshots/" + chosen +
                                      (by_ref ? ", which refs/main names" : ", the only one") +
                                      ", is taken");
  return cache / "snapshots" / chosen;
}

/// The folder that the Hugging Face libraries keep their downloads in.
fs::path hub_cache() {
  if (const char* cache = std::getenv("HF_HUB_CACHE")) return cache;
  if (const char* home = std::getenv("HF_HOME")) return fs::path(home) / "hub";
  const char* home = std::getenv("HOME");
  return home == nullptr ? fs::path() : fs::path(home) / ".cache/huggingface/hub";
}

/// "NAME/NAME" of a model on the Hugging Face Hub, also from its address; "" for other texts.
std::string hub_name(const fs::path& given) {
  static const std::regex name(
      "(?:(?:https?:/+)?(?:huggingface\\.co|hf\\.co)/)?([A-Za-z0-9][\\w.-]*)/([A-Za-z0-9][\\w.-]*)/"
      "?"
      "(?:(?:tree|blob|resolve)/.*)?");
  const std::string text = given.string();
  std::smatch match;
  if (!std::regex_match(text, match, name)) return "";
  const bool has_host =
      text.find("huggingface.co/") != std::string::npos || text.starts_with("hf.co/");
  std::error_code ignored;
  // A path with a slip in it.
  if (!has_host && fs::exists(match[1].str(), ignored)) return "";
  return match[1].str() + "/" + match[2].str();
}

[[noreturn]] void throw_nothing_there(const fs::path& given) {
  std::error_code ignored;
  if (fs::is_symlink(given, ignored)) throw missing_file(given);
  if (const std::string name = hub_name(given); !name.empty()) {
    const std::string folder = name.substr(name.find('/') + 1);
    fs::path cached = hub_cache() / ("models--" + std::regex_replace(name, std::regex("/"), "--"));
    const bool is_cached = fs::is_directory(cached, ignored);
    throw usage_error(
        {given.string()},
        "is not a folder here but the name of a model on the Hugging Face Hub, and fdbench "
        "downloads nothing: " +
            (is_cached ? "it is in the local cache, give " + cached.string()
                       : "fetch it with `hf download " + name + " --local-dir " + folder +
                             "` and give " + folder));
  }
  std::vector<std::string> beside;
  const fs::path parent = given.has_parent_path() ? given.parent_path() : fs::path(".");
  for (const fs::path& path : sorted_entries(parent)) beside.push_back(path.filename().string());
  const std::string near = nearest(given.filename().string(), beside);
  if (near.empty() || !fs::is_directory(parent / near, ignored)) {
    throw usage_error({given.string()}, std::string("does not exist; ") + kModelLayout);
  }
  throw usage_error({given.string()}, "does not exist, did you mean '" +
                                          (given.parent_path() / near).string() + "'?");
}

}  // namespace

fs::path model_path(const fs::path& given) {
  std::error_code ignored;
  if (!fs::exists(given, ignored)) throw_nothing_there(given);
  if (!fs::is_directory(given, ignored)) throw no_folder(given);
  const bool is_cache = fs::is_directory(given / "snapshots", ignored) &&
                        !fs::exists(given / "model_index.json", ignored);
  return is_cache ? snapshot(given) : given;
}

void refuse_other_contents(const fs::path& folder) {
  std::error_code ignored;
  std::vector<std::string> models;
  std::vector<fs::path> checkpoints;
  for (const fs::path& path : sorted_entries(folder)) {
    const bool is_model = fs::exists(path / "model_index.json", ignored) ||
                          fs::is_directory(path / "snapshots", ignored);
    if (is_model) models.push_back(path.filename().string());
    const bool is_file = fs::is_regular_file(path, ignored);
    if (is_file && is_checkpoint_name(path)) checkpoints.push_back(path);
  }
  if (!models.empty()) {
    throw usage_error(
        {folder.string()},
        "is not a model folder but holds some: give one of them (" + joined(models) + ")");
  }
  if (!checkpoints.empty()) throw no_folder(checkpoints.front());
  if (fs::exists(folder / "model_index.json", ignored)) {
    throw usage_error(
        {folder.string()},
        "has a model_index.json but none of the folders that it names: the download or "
        "copy is not complete");
  }
}

}  // namespace fdbench
