// Nothing of ours unpickles or runs what a file holds: LibTorch's loaders (TorchScript and pickle)
// are named in one file alone, which loads the network that --features or a config names.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr const char* kLoader = "metrics/script_network.cpp";

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Paths below `folder` of the files that hold the pattern and end in `extension`.
std::vector<std::string> files_with(const fs::path& folder, const std::string& pattern,
                                    const std::vector<std::string>& extensions) {
  const std::regex wanted(pattern);
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (std::find(extensions.begin(), extensions.end(), extension) == extensions.end()) continue;
    if (!std::regex_search(text_of(entry.path()), wanted)) continue;
    found.push_back(fs::relative(entry.path(), folder));
  }
  return found;
}

TEST(UntrustedInput, OneFileAloneLoadsTorchScript) {
  const auto found = files_with(
      FDBENCH_SOURCE_DIR "/src",
      R"(torch/script\.h|torch/(csrc/)?(jit|serialize)|jit::|torch::load|[Uu]npickle\(|pickle_load|pickle\.h)",
      {".cpp", ".h"});
  EXPECT_EQ(found, std::vector<std::string>{kLoader});
}

TEST(UntrustedInput, NothingRunsOtherCode) {
  EXPECT_EQ(files_with(FDBENCH_SOURCE_DIR "/src",
                       R"(\bdlopen\(|\bsystem\(|\bpopen\(|\bexecl?v?p?e?\()", {".cpp", ".h"}),
            std::vector<std::string>{});
}

TEST(UntrustedInput, OnlyJudgesMakeANetworkOfTheFileTheyAreGiven) {
  const std::vector<std::string> allowed = {
      kLoader,
      // Networks of features and scorers, which are such networks with a meaning.
      "metrics/feature_network.cpp", "metrics/scorer.cpp",
      // Of the path that --features gives, or the key `judges` of a config.
      "cli/judged_pictures.cpp", "judging/judges.cpp"};
  const auto found =
      files_with(FDBENCH_SOURCE_DIR "/src",
                 R"((FeatureNetwork|ScriptNetwork|Scorer)>? ?[a-z_]*(\(|\{|\.emplace))", {".cpp"});
  for (const std::string& path : found) {
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), path), allowed.end()) << path;
  }
}

TEST(UntrustedInput, TheAnalysisNeitherUnpicklesNorEvaluates) {
  EXPECT_EQ(
      files_with(FDBENCH_SOURCE_DIR "/analysis",
                 R"(pickle|torch\.load|jit\.load|yaml\.(load|unsafe_load)\(|\beval\(|\bexec\()",
                 {".py"}),
      std::vector<std::string>{});
}

}  // namespace
