#include "config/weight_config.h"

#include "config/judge_config.h"

namespace fdbench {
namespace {

/// A file, or a map with `file` and, of LoRAs, `scale`, of embeddings, `token`.
WeightAddition read_addition(const ConfigValue& value, AdditionKind kind,
                             const std::filesystem::path& config) {
  WeightAddition addition;
  addition.kind = kind;
  if (!value.is_map()) {
    addition.file = locate(value.text(), config);
    return addition;
  }
  ConfigMap map(value);
  addition.file = locate(map.at("file").text(), config);
  if (kind == AdditionKind::kLora && map.has("scale")) addition.scale = map.at("scale").number();
  if (kind == AdditionKind::kEmbedding && map.has("token")) addition.token = map.at("token").text();
  map.finish();
  return addition;
}

void read_list(ConfigMap& map, const char* key, AdditionKind kind,
               const std::filesystem::path& config, WeightAdditions& additions) {
  if (!map.has(key)) return;
  const ConfigValue value = map.at(key);
  if (!value.is_list()) {
    additions.files.push_back(read_addition(value, kind, config));
    return;
  }
  // None: how --set takes away what a file has.
  if (value.tree().items.empty()) return;
  for (const ConfigValue& item : value.list()) {
    additions.files.push_back(read_addition(item, kind, config));
  }
}

}  // namespace

WeightAdditions read_weight_additions(ConfigMap& map, const std::filesystem::path& config) {
  WeightAdditions additions;
  read_list(map, "custom_diffusion", AdditionKind::kCustomDiffusion, config, additions);
  read_list(map, "lora", AdditionKind::kLora, config, additions);
  read_list(map, "embeddings", AdditionKind::kEmbedding, config, additions);
  if (map.has("unet")) additions.unet = locate(map.at("unet").text(), config);
  return additions;
}

WeightAdditions joined(WeightAdditions additions, const WeightAdditions& more, const Place& place) {
  if (!additions.unet.empty() && !more.unet.empty()) {
    throw usage_error(place, "'unet' is given beside 'model' and within it; one of them counts");
  }
  if (additions.unet.empty()) additions.unet = more.unet;
  additions.files.insert(additions.files.end(), more.files.begin(), more.files.end());
  return additions;
}

}  // namespace fdbench
