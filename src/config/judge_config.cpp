#include "config/judge_config.h"

#include <algorithm>
#include <sstream>

#include "core/word_list.h"
#include "metrics/scores.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostResamples = 100'000, kLargestPicture = 4096;

/// What is read into.
struct Reading {
  /// Paths are looked for from there, too.
  std::filesystem::path config;
  JudgeSettings judges;
};

std::span<const ConfigKey<PictureProtocol>> protocol_keys() {
  static const std::vector<ConfigKey<PictureProtocol>> rows = {
      {{"resize", "legacy or clean", PictureProtocol().resize,
        "how pictures are brought to the network's size: by itself, or as clean-fid does"},
       [](const ConfigValue& value, PictureProtocol& protocol) {
         protocol.resize = value.choice({"legacy", "clean"});
       }},
      {{"size", "whole number, 1 to " + std::to_string(kLargestPicture),
        std::to_string(PictureProtocol().size), "[pixels] of clean"},
       [](const ConfigValue& value, PictureProtocol& protocol) {
         protocol.size = value.integer(1, kLargestPicture);
       }},
      {{"input", "uint8 or float", PictureProtocol().input,
        "what the network takes: 0 to 255, or 0 to 1"},
       [](const ConfigValue& value, PictureProtocol& protocol) {
         protocol.input = value.choice({"uint8", "float"});
       }},
  };
  return rows;
}

void read_network(const ConfigValue& value, Reading& reading) {
  JudgeSettings& judges = reading.judges;
  if (!value.is_map()) {
    judges.network = locate(value.text(), reading.config);
    return;
  }
  ConfigMap map(value);
  judges.network = locate(map.at("file").text(), reading.config);
  read_keys(map, protocol_keys(), judges.protocol);
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

void read_metrics(const ConfigValue& value, Reading& reading) {
  JudgeSettings& judges = reading.judges;
  judges.metrics.clear();
  judges.metrics_named = true;
  const ConfigTree metrics = as_list(value);
  for (const ConfigValue& item : ConfigValue(metrics, value.path()).list()) {
    judges.metrics.push_back(item.choice(default_scores()));
  }
}

std::span<const ConfigKey<Reading>> keys() {
  static const std::vector<ConfigKey<Reading>> rows = {
      {{"clip", "folder", "",
        "a CLIPModel: CLIPScore, perceptual distance, and features where no network is named"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.clip = locate(value.text(), reading.config);
       }},
      {{"network", "file, or map {file, resize, size, input}", "",
        "a TorchScript file that gives features; it is run"},
       read_network},
      {{"reference", "file", "", "features of real pictures, as `fdbench stats` writes them"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.reference = locate(value.text(), reading.config);
       }},
      {{"scenes", "folder", "", "a scene reader: is each object of the prompt's scene there?"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.scenes = locate(value.text(), reading.config);
       }},
      {{"metrics", "list of " + words_text(default_scores()), "all that the reference allows",
        "comparisons with the reference"},
       read_metrics},
      {{"bootstrap", "whole number, 0 to " + std::to_string(kMostResamples),
        std::to_string(JudgeSettings().bootstrap), "resamples of the intervals"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.bootstrap = static_cast<int>(value.integer(0, kMostResamples));
       }},
      {{"perceptual", "true or false", "true",
        "with clip: the distance of every picture to the baseline's, by CLIP's states"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.perceptual = value.truth();
       }},
      {{"keep_features", "true or false", "false", "what the network saw stays in the result"},
       [](const ConfigValue& value, Reading& reading) {
         reading.judges.keep_features = value.truth();
       }},
  };
  return rows;
}

}  // namespace

std::vector<KeyInfo> judge_keys() {
  std::vector<KeyInfo> infos;
  for (const ConfigKey<Reading>& key : keys()) {
    infos.push_back(key.info);
    if (key.info.name != "network") continue;
    for (KeyInfo info : infos_of(protocol_keys())) {
      info.name = "network." + info.name;
      infos.push_back(info);
    }
  }
  return infos;
}

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
  // `judges: false`, such as with --set.
  if (value.is_scalar() && !value.truth()) return {};
  ConfigMap map(value);
  Reading reading{.config = config, .judges = {}};
  read_keys(map, keys(), reading);
  map.finish();
  JudgeSettings judges = std::move(reading.judges);
  judges.place = value.place();
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
