#include "config/feature_config.h"

#include "config/traced_config.h"

namespace fdbench {
namespace {

std::span<const ConfigKey<PcaSettings>> pca_rows() {
  static const std::vector<ConfigKey<PcaSettings>> rows = {
      {{"blocks", "list of names", "all that are watched", "blocks (or layers) to draw"},
       [](const ConfigValue& value, PcaSettings& pca) {
         for (const ConfigValue& item : value.list()) pca.blocks.push_back(item.text());
         pca.blocks_place = value.place();
       }},
      steps_key<PcaSettings>(),
      pictures_key<PcaSettings>("the first ones of each run are drawn"),
  };
  return rows;
}

std::span<const ConfigKey<SimilaritySettings>> similarity_rows() {
  static const std::vector<ConfigKey<SimilaritySettings>> rows = {
      pictures_key<SimilaritySettings>("the first ones of each run are averaged")};
  return rows;
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
