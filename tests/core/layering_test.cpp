// A file includes only its own layer and lower ones (src/README.md lists them).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kLayers = {
    "core",        "io",     "kernels", "nn",        "models",  "text",  "samplers",
    "propagation", "probes", "metrics", "pipelines", "results", "sweep", "cli"};

int level(const std::string& layer) {
  const auto found = std::find(kLayers.begin(), kLayers.end(), layer);
  return found == kLayers.end() ? -1 : static_cast<int>(found - kLayers.begin());
}

std::vector<std::string> forbidden_includes(const fs::path& file, const std::string& layer) {
  static const std::regex include(R"(^\s*#include\s+\"([a-z_0-9]+)/)");
  std::vector<std::string> found;
  std::ifstream text(file);
  std::smatch match;
  for (std::string line; std::getline(text, line);) {
    if (!std::regex_search(line, match, include)) continue;
    if (level(match[1]) < 0 || level(match[1]) > level(layer)) found.push_back(line);
  }
  return found;
}

TEST(Layering, NoFileIncludesAHigherLayer) {
  int num_files = 0;
  for (const std::string& layer : kLayers) {
    for (const auto& entry : fs::recursive_directory_iterator(FDBENCH_SOURCE_DIR "/src/" + layer)) {
      if (!entry.is_regular_file()) continue;
      ++num_files;
      for (const std::string& line : forbidden_includes(entry.path(), layer)) {
        ADD_FAILURE() << entry.path() << " includes a higher layer: " << line;
      }
    }
  }
  EXPECT_GT(num_files, 20);
}

TEST(Layering, EveryFolderIsALayer) {
  for (const auto& entry : fs::directory_iterator(FDBENCH_SOURCE_DIR "/src")) {
    if (!entry.is_directory()) continue;
    EXPECT_GE(level(entry.path().filename()), 0) << entry.path();
  }
}

}  // namespace
