// A file includes only its own layer and lower ones (src/layers.txt lists them, src/README.md says
// what they are).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream text(path);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

const fs::path kSource = FDBENCH_SOURCE_DIR "/src";
const std::vector<std::string> kLayers = lines_of(kSource / "layers.txt");

int level(const std::string& layer) {
  const auto found = std::find(kLayers.begin(), kLayers.end(), layer);
  return found == kLayers.end() ? -1 : static_cast<int>(found - kLayers.begin());
}

std::vector<std::string> forbidden_includes(const fs::path& file, const std::string& layer) {
  static const std::regex include(R"(^\s*#include\s+\"([a-z_0-9]+)/)");
  std::vector<std::string> found;
  std::smatch match;
  for (const std::string& line : lines_of(file)) {
    if (!std::regex_search(line, match, include)) continue;
    if (level(match[1]) < 0 || level(match[1]) > level(layer)) found.push_back(line);
  }
  return found;
}

TEST(Layering, NoFileIncludesAHigherLayer) {
  int num_files = 0;
  for (const std::string& layer : kLayers) {
    for (const auto& entry : fs::recursive_directory_iterator(kSource / layer)) {
      if (!entry.is_regular_file()) continue;
      ++num_files;
      for (const std::string& line : forbidden_includes(entry.path(), layer)) {
        ADD_FAILURE() << entry.path() << " includes a higher layer: " << line;
      }
    }
  }
  EXPECT_GT(num_files, 20);
}

using Includes = std::map<std::string, std::set<std::string>>;

/// "plan/plan.h" -> the headers of ours that it includes.
Includes headers_of(const std::string& layer) {
  static const std::regex include(R"(^\s*#include\s+\"([a-z_0-9]+/[a-z_0-9]+\.h)\")");
  Includes found;
  std::smatch match;
  for (const auto& entry : fs::directory_iterator(kSource / layer)) {
    if (entry.path().extension() != ".h") continue;
    std::set<std::string>& included = found[layer + "/" + entry.path().filename().string()];
    for (const std::string& line : lines_of(entry.path())) {
      if (std::regex_search(line, match, include)) included.insert(match[1]);
    }
  }
  return found;
}

/// True when the header includes itself by way of others.
bool is_in_a_circle(const Includes& includes, const std::string& header) {
  std::set<std::string> seen;
  std::vector<std::string> left = {header};
  while (!left.empty()) {
    const auto found = includes.find(left.back());
    left.pop_back();
    if (found == includes.end()) continue;
    for (const std::string& next : found->second) {
      if (next == header) return true;
      if (seen.insert(next).second) left.push_back(next);
    }
  }
  return false;
}

TEST(Layering, NoHeadersIncludeEachOtherInACircle) {
  for (const std::string& layer : kLayers) {
    const Includes includes = headers_of(layer);
    EXPECT_FALSE(includes.empty()) << layer;
    for (const auto& [header, included] : includes) {
      EXPECT_FALSE(is_in_a_circle(includes, header)) << header;
    }
  }
}

TEST(Layering, NoLayerIsLongerThanOnePersonReads) {
  for (const std::string& layer : kLayers) {
    std::size_t num_lines = 0;
    for (const auto& entry : fs::directory_iterator(kSource / layer)) {
      num_lines += lines_of(entry.path()).size();
    }
    EXPECT_LE(num_lines, 4000) << layer;
  }
}

TEST(Layering, TheReadmeDescribesTheLayersInTheirOrder) {
  static const std::regex item(R"(^- \*\*([a-z]+)\*\*:)");
  std::vector<std::string> described;
  std::smatch match;
  for (const std::string& line : lines_of(kSource / "README.md")) {
    if (std::regex_search(line, match, item)) described.push_back(match[1]);
  }
  EXPECT_EQ(described, kLayers);
}

TEST(Layering, EveryFolderIsALayer) {
  for (const auto& entry : fs::directory_iterator(kSource)) {
    if (!entry.is_directory()) continue;
    EXPECT_GE(level(entry.path().filename()), 0) << entry.path();
  }
}

}  // namespace
