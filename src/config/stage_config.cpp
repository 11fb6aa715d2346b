#include "config/stage_config.h"

#include <algorithm>

#include "config/judge_config.h"
#include "config/weight_config.h"

namespace fdbench {

ModelSource read_source(ConfigMap& map, const std::filesystem::path& config) {
  ModelSource source;
  if (map.has("folder")) {
    source.folder = locate(map.at("folder").text(), config);
    if (map.has("variant")) source.variant = map.at("variant").text();
    source.additions = read_weight_additions(map, config);
    return source;
  }
  source.architecture = map.at("architecture").text();
  if (map.has("weights")) map.at("weights").choice({"random"});
  if (map.has("seed")) source.seed = static_cast<std::uint64_t>(map.at("seed").integer(0));
  return source;
}

namespace {

/// It becomes a part of names: "upscale/down_blocks.0".
std::string read_stage_name(const ConfigValue& value, const std::vector<StageSettings>& before) {
  const std::string name = value.text();
  if (name.empty() || name.find('/') != std::string::npos) {
    throw value.error("'name' of a stage becomes a part of its layers' names: no '/'");
  }
  const auto same = [&](const StageSettings& stage) { return stage.name == name; };
  if (std::any_of(before.begin(), before.end(), same)) {
    throw value.error("a second stage named '" + name + "'");
  }
  return name;
}

}  // namespace

std::vector<StageSettings> read_stages(const ConfigValue& value,
                                       const std::filesystem::path& config, double guidance_scale) {
  if (!value.is_map()) {
    ModelSource source;
    source.folder = locate(value.text(), config);
    return {{.name = "", .model = source, .guidance_scale = guidance_scale}};
  }
  ConfigMap map(value);
  std::vector<StageSettings> stages;
  if (!map.has("stages")) {
    stages = {{.name = "", .model = read_source(map, config), .guidance_scale = guidance_scale}};
    map.finish();
    return stages;
  }
  const ConfigValue list = map.at("stages");
  for (const ConfigValue& item : list.list()) {
    ConfigMap entry(item);
    StageSettings stage;
    stage.name = read_stage_name(entry.at("name"), stages);
    stage.guidance_scale =
        entry.has("guidance_scale") ? entry.at("guidance_scale").number(0) : guidance_scale;
    stage.model = read_source(entry, config);
    entry.finish();
    stages.push_back(std::move(stage));
  }
  if (stages.size() < 2) throw list.error("a cascade has two stages at least");
  map.finish();
  return stages;
}

}  // namespace fdbench
