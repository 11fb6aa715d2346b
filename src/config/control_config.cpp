#include "config/control_config.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "config/judge_config.h"
#include "config/stage_config.h"
#include "core/hash.h"
#include "io/file_mapping.h"

namespace fdbench {
namespace {

/// A network with the one picture that it may name itself.
struct ReadControl {
  ControlSource source;
  std::optional<std::filesystem::path> image;
};

/// Those of the preprocessor; the command line has them with dashes.
void read_preprocessing(ConfigMap& map, ControlPreprocessing& made) {
  if (map.has("control_from")) made.from = map.at("control_from").choice(control_kinds());
  if (map.has("control_low")) made.canny.low = map.at("control_low").number(0);
  if (map.has("control_high")) made.canny.high = map.at("control_high").number(0);
  if (map.has("control_aperture")) {
    made.canny.aperture = static_cast<int>(map.at("control_aperture").integer(3, 7));
  }
  if (map.has("control_l2_gradient")) {
    made.canny.l2_gradient = map.at("control_l2_gradient").truth();
  }
  if (map.has("control_variant")) {
    made.variant = map.at("control_variant").choice(control_variants());
  }
}

/// Throws a usage error for keys of a preprocessor that is not asked for, and for one without what
/// it needs.
void check_preprocessing(const ConfigValue& value, ConfigMap& map,
                         const ControlPreprocessing& made) {
  for (const char* key :
       {"control_low", "control_high", "control_aperture", "control_l2_gradient"}) {
    if (!map.has(key) || made.from == "canny") continue;
    throw map.at(key).error("'" + std::string(key) + "' needs control_from: canny");
  }
  if (map.has("control_variant") && !made.wanted()) {
    throw map.at("control_variant")
        .error("'control_variant' needs control_from: canny or scribble");
  }
  const bool is_scribble = made.from == "scribble";
  if (is_scribble != made.hed.empty()) return;
  throw value.error(is_scribble ? "control_from: scribble needs 'control_hed', the weights of "
                                  "ControlNet's HED network as .safetensors"
                                : "'control_hed' needs control_from: scribble");
}

double read_share(const ConfigValue& value) {
  const double share = value.number(0);
  if (share > 1) throw value.error("'" + value.path() + "' must be at most 1");
  return share;
}

ReadControl read_control(const ConfigValue& value, const std::filesystem::path& config) {
  ReadControl read;
  ControlSource& source = read.source;
  if (value.is_scalar()) {
    source.model.folder = locate(value.text(), config);
    return read;
  }
  ConfigMap map(value);
  source.model = read_source(map, config);
  if (map.has("control_image")) read.image = locate(map.at("control_image").text(), config);
  if (map.has("control_scale")) {
    source.controlnet_conditioning_scale = map.at("control_scale").number();
  }
  if (map.has("control_start")) {
    source.control_guidance_start = read_share(map.at("control_start"));
  }
  if (map.has("control_end")) source.control_guidance_end = read_share(map.at("control_end"));
  if (map.has("guess_mode")) source.guess_mode = map.at("guess_mode").truth();
  read_preprocessing(map, source.preprocessing);
  if (map.has("control_hed")) {
    source.preprocessing.hed = locate(map.at("control_hed").text(), config);
  }
  check_preprocessing(value, map, source.preprocessing);
  at_place(value, [&] { check_canny(source.preprocessing.canny); });
  if (source.control_guidance_start >= source.control_guidance_end) {
    throw value.error("'control_start' must be below 'control_end'");
  }
  map.finish();
  return read;
}

std::vector<ReadControl> read_all(const ConfigValue& value, const std::filesystem::path& config) {
  if (!value.is_list()) return {read_control(value, config)};
  std::vector<ReadControl> all;
  for (const ConfigValue& item : value.list()) all.push_back(read_control(item, config));
  return all;
}

/// Throws a usage error unless every prompt has a picture for each of `count` networks.
void check_prompts(const ConfigValue& value, const PromptList& prompts, std::size_t count) {
  for (std::size_t i = 0; i < prompts.controls.size(); ++i) {
    if (prompts.controls[i].size() == count) continue;
    throw value.error(std::to_string(count) + " control networks, but prompt " +
                      std::to_string(i + 1) + " has " + std::to_string(prompts.controls[i].size()) +
                      " control pictures ('control')");
  }
}

}  // namespace

ControlSettings read_controls(const ConfigValue& value, const std::filesystem::path& config,
                              const PromptList& prompts) {
  const std::vector<ReadControl> all = read_all(value, config);
  ControlSettings settings;
  const bool of_prompts = !prompts.controls.empty();
  if (of_prompts) check_prompts(value, prompts, all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    settings.networks.push_back(all[i].source);
    if (of_prompts == all[i].image.has_value()) {
      throw value.error(of_prompts ? "'control_image' and the 'control' of the prompts are both "
                                     "given; one of them counts"
                                   : "a control network needs a picture: 'control_image' here, or "
                                     "'control' of each prompt");
    }
    std::vector<std::filesystem::path>& images = settings.images.emplace_back();
    if (!of_prompts) images.push_back(*all[i].image);
    for (const auto& of_prompt : prompts.controls) images.push_back(of_prompt[i]);
    for (const std::filesystem::path& image : images) {
      if (std::filesystem::is_regular_file(image)) continue;
      throw value.error("the control picture " + image.string() + " is not there");
    }
  }
  at_place(value, [&] { settings.networks = resolved_controls(std::move(settings.networks)); });
  return settings;
}

std::vector<std::vector<std::filesystem::path>> pictures_of_prompts(
    const ControlSettings& controls, std::vector<std::vector<std::filesystem::path>> own,
    std::size_t count) {
  if (!own.empty() || controls.images.empty()) return own;
  std::vector<std::filesystem::path> for_all;
  for (const std::vector<std::filesystem::path>& of_network : controls.images) {
    for_all.push_back(of_network.front());
  }
  return std::vector<std::vector<std::filesystem::path>>(count, for_all);
}

std::string control_images_hash(const ControlSettings& controls, std::int64_t first,
                                std::int64_t count) {
  std::string summary;
  for (const std::vector<std::filesystem::path>& images : controls.images) {
    const auto number = static_cast<std::int64_t>(images.size());
    const bool is_one = number == 1;
    for (std::int64_t i = is_one ? 0 : first; i < (is_one ? 1 : first + count); ++i) {
      const FileMapping file(images[static_cast<std::size_t>(i)]);
      summary += content_hash(file.data(), file.size()) + "\n";
    }
  }
  return summary.empty() ? "" : content_hash(summary);
}

std::string control_setting(const ControlSettings& controls) {
  if (controls.networks.empty()) return "";
  nlohmann::json json = nlohmann::json::array();
  for (const ControlSource& source : controls.networks) {
    nlohmann::json& one = json.emplace_back();
    one = {{"scale", source.controlnet_conditioning_scale},
           {"start", source.control_guidance_start},
           {"end", source.control_guidance_end},
           {"guess_mode", source.guess_mode}};
    const ControlPreprocessing& made = source.preprocessing;
    if (!made.wanted()) continue;
    one["from"] = made.from;
    one["variant"] = made.variant;
    one["canny"] = {made.canny.low, made.canny.high, made.canny.aperture, made.canny.l2_gradient};
    if (!made.hed.empty()) {
      const FileMapping weights(made.hed);
      one["hed"] = content_hash(weights.data(), weights.size());
    }
  }
  return json.dump();
}

}  // namespace fdbench
