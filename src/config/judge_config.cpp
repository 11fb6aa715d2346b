#include "config/judge_config.h"

#include <algorithm>
#include <sstream>

#include "core/number_text.h"
#include "core/word_list.h"
#include "metrics/scores.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostResamples = 100'000, kLargestPicture = 4096, kLongestText = 4096,
                       kLargestTolerance = 64;

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

/// What is read of one scorer.
struct ScorerReading {
  std::filesystem::path config;
  ScorerSettings scorer;
};

std::span<const ConfigKey<ScorerReading>> scorer_keys() {
  static const std::vector<ConfigKey<ScorerReading>> rows = {
      {{"name", "text", "", "as results tell it"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.name = value.text();
       }},
      {{"network", "file", "", "a TorchScript file that gives a number a picture; it is run"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.network = locate(value.text(), reading.config);
       }},
      {{"clip", "folder", "", "in its place a CLIPModel, scored as PickScore is"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.clip = locate(value.text(), reading.config);
       }},
      {{"inputs", "list of " + words_text(scorer_input_names()), "[image, text_ids]",
        "what the network takes, in its order"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.inputs.clear();
         for (const ConfigValue& item : value.list()) {
           reading.scorer.inputs.push_back(item.choice(scorer_input_names()));
         }
       }},
      {{"tokenizer", "folder", "", "CLIP's or BERT's files"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.tokenizer = locate(value.text(), reading.config);
       }},
      {{"max_length", "whole number, 2 to " + std::to_string(kLongestText), "the tokenizer's",
        "tokens of a text, cut or filled up"},
       [](const ConfigValue& value, ScorerReading& reading) {
         reading.scorer.max_length = value.integer(2, kLongestText);
       }},
  };
  return rows;
}

/// Throws where the keys do not go together.
void check_scorer(const ConfigValue& value, const ScorerSettings& scorer, ConfigMap& map) {
  if (scorer.name.empty()) throw value.error("a scorer wants a 'name'");
  if (scorer.network.empty() == scorer.clip.empty()) {
    throw value.error("scorer '" + scorer.name + "' wants either 'network' or 'clip'");
  }
  const bool reads_text = std::any_of(scorer.inputs.begin(), scorer.inputs.end(),
                                      [](const std::string& input) { return input != "image"; });
  if (!scorer.clip.empty()) {
    for (const char* key : {"inputs", "tokenizer", "max_length", "resize", "size", "input"}) {
      if (!map.has(key)) continue;
      throw value.error("scorer '" + scorer.name + "': '" + key +
                        "' is of a 'network', a 'clip' folder has its own");
    }
  } else if (reads_text == scorer.tokenizer.empty()) {
    throw value.error(
        "scorer '" + scorer.name + "': " +
        (reads_text ? "its text wants a 'tokenizer'" : "a 'tokenizer' is for inputs of text"));
  }
}

void read_scorers(const ConfigValue& value, Reading& reading) {
  std::vector<ScorerSettings>& scorers = reading.judges.scorers;
  for (const ConfigValue& item : value.list()) {
    ConfigMap map(item);
    ScorerReading one{.config = reading.config, .scorer = {}};
    read_keys(map, scorer_keys(), one);
    read_keys(map, protocol_keys(), one.scorer.protocol);
    map.finish();
    check_scorer(item, one.scorer, map);
    const auto same = [&](const ScorerSettings& other) { return other.name == one.scorer.name; };
    if (std::any_of(scorers.begin(), scorers.end(), same)) {
      throw item.error("a second scorer named '" + one.scorer.name + "'");
    }
    scorers.push_back(std::move(one.scorer));
  }
}

std::span<const ConfigKey<ControlJudgeSettings>> control_keys() {
  static const ControlJudgeSettings initial;
  static const std::vector<ConfigKey<ControlJudgeSettings>> rows = {
      {{"low", "number, 0 or more", number_text(initial.edges.canny.low),
        "Canny's threshold that an edge may go on at"},
       [](const ConfigValue& value, ControlJudgeSettings& settings) {
         settings.edges.canny.low = value.number(0);
       }},
      {{"high", "number, low or more", number_text(initial.edges.canny.high),
        "Canny's threshold that an edge needs somewhere"},
       [](const ConfigValue& value, ControlJudgeSettings& settings) {
         settings.edges.canny.high = value.number(0);
       }},
      {{"tolerance", "whole number, 0 to " + std::to_string(kLargestTolerance),
        std::to_string(initial.edges.tolerance),
        "[pixels] along both axes within which edges are the same"},
       [](const ConfigValue& value, ControlJudgeSettings& settings) {
         settings.edges.tolerance = value.integer(0, kLargestTolerance);
       }},
      {{"control", "whole number, 0 or more", std::to_string(initial.control),
        "of which control network the pictures are, where there are several"},
       [](const ConfigValue& value, ControlJudgeSettings& settings) {
         settings.control = value.integer(0);
       }},
  };
  return rows;
}

void read_control_f1(const ConfigValue& value, Reading& reading) {
  if (!value.is_map() && !value.truth()) return;
  ControlJudgeSettings& settings = reading.judges.control_f1.emplace();
  if (!value.is_map()) return;
  ConfigMap map(value);
  read_keys(map, control_keys(), settings);
  map.finish();
  at_place(value, [&] { check_canny(settings.edges.canny); });
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
      {{"scorers", "list of maps {name, network or clip, inputs, tokenizer, ...}", "",
        "networks of human preference: a number for a picture and its prompt"},
       read_scorers},
      {{"control_f1", "true, false, or map {low, high, tolerance, control}", "false",
        "do a picture's edges follow those of its control picture?"},
       read_control_f1},
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
    const std::string& name = key.info.name;
    if (name == "scorers") add_nested(infos, name, infos_of(scorer_keys()));
    if (name == "control_f1") add_nested(infos, name, infos_of(control_keys()));
    if (name == "scorers" || name == "network") add_nested(infos, name, infos_of(protocol_keys()));
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
  if (!judges.wanted()) {
    throw value.error(
        "'judges' wants at least one of 'clip', 'network', 'scenes', 'scorers' and 'control_f1'");
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
