#include "config/judge_config.h"

#include <algorithm>
#include <sstream>

#include "metrics/scores.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostResamples = 100'000, kLargestPicture = 4096;

void read_network(const ConfigValue& value, const std::filesystem::path& config,
                  JudgeSettings& judges) {
  if (!value.is_map()) {
    judges.network = locate(value.text(), config);
    return;
  }
  ConfigMap map(value);
  judges.network = locate(map.at("file").text(), config);
  if (map.has("resize")) judges.protocol.resize = map.at("resize").choice({"legacy", "clean"});
  if (map.has("size")) judges.protocol.size = map.at("size").integer(1, kLargestPicture);
  if (map.has("input")) judges.protocol.input = map.at("input").choice({"uint8", "float"});
  map.finish();
}

/// A list, or words with commas between them as --metrics takes them.
ConfigTree as_list(const ConfigValue& value) {
  if (!value.is_scalar()) return value.tree();
  ConfigTree list;
  list.kind = ConfigTree::Kind::kList;
  list.place = value.place();
  std::stringstream words(value.text());
  for (std::string word; std::getline(words >> std::ws, word, ',');) {
    ConfigTree item = value.tree();
    item.scalar = word.substr(0, word.find_last_not_of(' ') + 1);
    list.items.push_back(std::move(item));
  }
  return list;
}

}  // namespace

std::filesystem::path locate(const std::string& path, const std::filesystem::path& config) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path;
  std::filesystem::path folder = std::filesystem::absolute(config, ignored).parent_path();
  while (true) {
    if (std::filesystem::exists(folder / path, ignored)) return folder / path;
    if (folder == folder.parent_path()) return path;
    folder = folder.parent_path();
  }
}

JudgeSettings read_judges(const ConfigValue& value, const std::filesystem::path& config) {
  if (value.is_scalar() && !value.truth()) return {};  // `judges: false`, such as with --set
  ConfigMap map(value);
  JudgeSettings judges;
  judges.place = value.place();
  if (map.has("clip")) judges.clip = locate(map.at("clip").text(), config);
  if (map.has("network")) read_network(map.at("network"), config, judges);
  if (map.has("reference")) judges.reference = locate(map.at("reference").text(), config);
  if (map.has("scenes")) judges.scenes = locate(map.at("scenes").text(), config);
  if (map.has("metrics")) {
    judges.metrics.clear();
    judges.metrics_named = true;
    const ConfigValue given = map.at("metrics");
    const ConfigTree metrics = as_list(given);
    for (const ConfigValue& item : ConfigValue(metrics, given.path()).list()) {
      judges.metrics.push_back(item.choice(default_scores()));
    }
  }
  if (map.has("bootstrap")) {
    judges.bootstrap = static_cast<int>(map.at("bootstrap").integer(0, kMostResamples));
  }
  if (map.has("perceptual")) judges.perceptual = map.at("perceptual").truth();
  if (map.has("keep_features")) judges.keep_features = map.at("keep_features").truth();
  map.finish();
  const bool sees = !judges.clip.empty() || !judges.network.empty();
  if (!sees && judges.scenes.empty()) {
    throw value.error("'judges' wants at least one of 'clip', 'network' and 'scenes'");
  }
  if (!judges.reference.empty() && !sees) {
    throw value.error("a 'reference' wants 'clip' or 'network', whose features it holds");
  }
  if (judges.keep_features && !sees) {
    throw value.error("'keep_features' wants 'clip' or 'network', whose features they are");
  }
  return judges;
}

}  // namespace fdbench
