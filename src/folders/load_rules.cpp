#include "folders/load_rules.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "core/notes.h"
#include "folders/pipeline_class.h"

namespace fdbench {
namespace {

using nlohmann::json;

constexpr std::int64_t kOldSampleSize = 64;

/// The class that model_index.json names for a part; "" where it names none.
std::string class_in(const json& model_index, const std::string& part) {
  if (!model_index.is_object()) return "";
  const auto found = model_index.find(part);
  const bool names = found != model_index.end() && found->is_array() && found->size() == 2;
  return names && found->back().is_string() ? found->back().get<std::string>() : "";
}

void take_class(const std::string& part, json& config, const json& model_index,
                const Place& place) {
  const std::string wanted = class_in(model_index, part);
  const auto own = config.find("_class_name");
  // Text encoders say theirs elsewhere, and CLIP's classes differ in nothing that is used.
  if (wanted.empty() || (part != "scheduler" && own == config.end())) return;
  if (own != config.end() && own->is_string() && *own != wanted) {
    say_warning(place, "is of the class " + own->get<std::string>() +
                           ", but model_index.json names " + wanted + " for " + part +
                           "/: " + wanted + " counts, as in diffusers");
  }
  config["_class_name"] = wanted;
}

void drop_defaults(json& config) {
  const auto list = config.find("_use_default_values");
  if (list == config.end() || !list->is_array()) return;
  const json names = *list;
  for (const json& name : names) {
    if (name.is_string()) config.erase(name.get<std::string>());
  }
}

/// "0.8.1" before 0.9.0; false for what is not a version.
bool is_before_0_9(const json& version) {
  int major = 0, minor = 0;
  if (!version.is_string()) return false;
  const int read = std::sscanf(version.get<std::string>().c_str(), "%d.%d", &major, &minor);
  return read == 2 && major == 0 && minor < 9;
}

void repair_sample_size(json& config, const Place& place) {
  const auto size = config.find("sample_size");
  const bool is_small =
      size != config.end() && size->is_number_integer() && *size > 0 && *size < kOldSampleSize;
  if (!is_small || !is_before_0_9(config.value("_diffusers_version", json()))) return;
  say_note(place, "'sample_size': " + size->dump() + " of diffusers " +
                      config["_diffusers_version"].get<std::string>() +
                      " is taken as 64, as StableDiffusionPipeline does for versions before 0.9.0");
  *size = kOldSampleSize;
}

/// Sets a key of the scheduler's; `implied`: the value that the class takes where the key is
/// missing.
void repair(json& config, const char* key, const json& wanted, const json& implied,
            const Place& place) {
  const auto found = config.find(key);
  const json now = found == config.end() ? implied : *found;
  if (now != wanted) {
    say_note(place, std::string("'") + key + "': " + now.dump() +
                        (found == config.end() ? " (the class's default)" : "") + " is taken as " +
                        wanted.dump() + ", as StableDiffusionPipeline does");
  }
  config[key] = wanted;
}

void repair_scheduler(json& config, const Place& place) {
  const json name = config.value("_class_name", json());
  const auto is = [&](std::initializer_list<const char*> classes) {
    return std::any_of(classes.begin(), classes.end(),
                       [&](const char* one) { return name == one; });
  };
  const bool clips = is({"DDIMScheduler", "DDPMScheduler"});
  const bool has_offset =
      clips || is({"PNDMScheduler", "EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler",
                   "LCMScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler"});
  repair(config, "steps_offset", 1, has_offset ? json(0) : json(1), place);
  repair(config, "clip_sample", false, clips, place);
}

}  // namespace

json as_diffusers_loads(const std::string& part, json config, const json& model_index,
                        const std::filesystem::path& path) {
  if (!config.is_object()) return config;
  const Place place{path.string()};
  take_class(part, config, model_index, place);
  if (part == "unet" || part == "transformer" || part == "controlnet" || part == "vae" ||
      part == "scheduler") {
    drop_defaults(config);
  }
  const std::string pipeline = pipeline_class(model_index);
  // Other pipelines do not repair, StableDiffusionXLPipeline among them.
  if (pipeline != "StableDiffusionPipeline" && pipeline != "StableDiffusionImg2ImgPipeline") {
    return config;
  }
  if (part == "unet") repair_sample_size(config, place);
  if (part == "scheduler") repair_scheduler(config, place);
  return config;
}

}  // namespace fdbench
