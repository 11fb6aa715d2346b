#include "config/feature_config.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostPictures = 1'000'000, kMostSteps = 100'000;

std::span<const ConfigKey<PcaSettings>> pca_rows() {
  static const std::vector<ConfigKey<PcaSettings>> rows = {
      {{"blocks", "list of names", "all that are watched", "blocks (or layers) to draw"},
       [](const ConfigValue& value, PcaSettings& pca) {
         for (const ConfigValue& item : value.list()) pca.blocks.push_back(item.text());
         pca.blocks_place = value.place();
       }},
      {{"steps", "list of steps, counted downward", "ten, evenly spaced", "steps to draw"},
       [](const ConfigValue& value, PcaSettings& pca) {
         for (const ConfigValue& item : value.list()) {
           pca.steps.push_back(static_cast<int>(item.integer(1, kMostSteps)));
         }
         pca.steps_place = value.place();
       }},
      {{"pictures", "whole number, at least 1", std::to_string(kUsualTracedPictures),
        "the first ones of each run are drawn"},
       [](const ConfigValue& value, PcaSettings& pca) {
         pca.pictures = static_cast<int>(value.integer(1, kMostPictures));
       }},
  };
  return rows;
}

std::span<const ConfigKey<SimilaritySettings>> similarity_rows() {
  static const std::vector<ConfigKey<SimilaritySettings>> rows = {
      {{"pictures", "whole number, at least 1", std::to_string(kUsualTracedPictures),
        "the first ones of each run are averaged"},
       [](const ConfigValue& value, SimilaritySettings& similarity) {
         similarity.pictures = static_cast<int>(value.integer(1, kMostPictures));
       }},
  };
  return rows;
}

/// true, false, or a map of options.
template <typename Settings>
Settings read_traced(const ConfigValue& value, std::span<const ConfigKey<Settings>> rows) {
  Settings settings;
  if (value.is_scalar()) {
    if (value.truth()) settings.pictures = kUsualTracedPictures;
    return settings;
  }
  settings.pictures = kUsualTracedPictures;
  ConfigMap map(value);
  read_keys(map, rows, settings);
  map.finish();
  return settings;
}

std::span<const ConfigKey<FeatureSettings>> rows() {
  static const std::vector<ConfigKey<FeatureSettings>> rows = {
      {{"enabled", "true or false", "true", "whether block outputs are looked at"},
       [](const ConfigValue& value, FeatureSettings& features) {
         features.enabled = value.truth();
       }},
      {{"detail", "block or layer", FeatureSettings().detail, "what is watched"},
       [](const ConfigValue& value, FeatureSettings& features) {
         features.detail = value.choice({"block", "layer"});
       }},
      {{"pca", "true, false, or map {blocks, steps, pictures}", "false",
        "principal components over the channels, as pictures (the paper's figures 2, 10, 12)"},
       [](const ConfigValue& value, FeatureSettings& features) {
         features.pca = read_traced(value, pca_rows());
       }},
      {{"similarity", "true, false, or map {pictures}", "false",
        "cosine and relative distance of the features of every two steps"},
       [](const ConfigValue& value, FeatureSettings& features) {
         features.similarity = read_traced(value, similarity_rows());
       }},
  };
  return rows;
}

void add_nested(std::vector<KeyInfo>& infos, const std::string& map, std::vector<KeyInfo> of_map) {
  for (KeyInfo& info : of_map) {
    info.name = map + "." + info.name;
    infos.push_back(std::move(info));
  }
}

}  // namespace

std::vector<KeyInfo> feature_keys() {
  std::vector<KeyInfo> infos = infos_of(rows());
  add_nested(infos, "pca", infos_of(pca_rows()));
  add_nested(infos, "similarity", infos_of(similarity_rows()));
  return infos;
}

FeatureSettings read_features(const ConfigValue& value) {
  FeatureSettings features;
  if (value.is_scalar()) {
    features.enabled = value.truth();
    return features;
  }
  ConfigMap map(value);
  read_keys(map, rows(), features);
  map.finish();
  const bool is_traced = features.pca.pictures > 0 || features.similarity.pictures > 0;
  if (!features.enabled && is_traced) {
    throw value.error("'pca' and 'similarity' want features: enabled must not be false");
  }
  return features;
}

}  // namespace fdbench
