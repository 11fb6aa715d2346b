#include "config/prompt_options.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/hash.h"
#include "core/notes.h"
#include "tasks/prompt_encoder.h"

namespace fdbench {
namespace {

constexpr std::int64_t kMostLayers = 1000;
constexpr const char* kNegative = "negative_prompt";
constexpr const char* kRescale = "guidance_rescale";
constexpr const char* kChannels = "guidance_channels";
constexpr std::int64_t kMostChannels = 1000;
constexpr const char* kSkip = "clip_skip";

/// The shortest text that reads as the same number.
std::string number_text(double number) { return nlohmann::json(number).dump(); }

/// A text that may be empty where it is quoted.
std::string text_or_empty(const ConfigValue& value) {
  const bool is_empty = value.is_scalar() && value.tree().quoted && value.tree().scalar.empty();
  return is_empty ? "" : value.text();
}

std::vector<std::string> read_negative_prompts(const ConfigValue& value, std::size_t num_prompts) {
  if (!value.is_list()) {
    if (value.is_map()) {
      throw value.error("'negative_prompt' is one text for all prompts, or a list with one each");
    }
    return std::vector<std::string>(num_prompts, text_or_empty(value));
  }
  std::vector<std::string> texts;
  for (const ConfigValue& item : value.list()) texts.push_back(text_or_empty(item));
  if (texts.size() == num_prompts) return texts;
  throw value.error("'negative_prompt' has " + std::to_string(texts.size()) + " negative prompt" +
                    (texts.size() == 1 ? "" : "s") + " for " + std::to_string(num_prompts) +
                    " prompts; wanted is one text for all, or a list with one each");
}

bool all_same(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(),
                     [&](const std::string& text) { return text == texts.front(); });
}

}  // namespace

PromptOptions read_prompt_options(ConfigMap& map, std::size_t num_prompts) {
  PromptOptions options;
  for (const char* key : {kNegative, kRescale, kChannels, kSkip}) {
    if (map.has(key)) options.places[key] = map.at(key).place();
  }
  if (map.has(kNegative)) {
    options.negative_prompts = read_negative_prompts(map.at(kNegative), num_prompts);
  }
  if (map.has(kRescale)) {
    const ConfigValue value = map.at(kRescale);
    options.guidance_rescale = value.number();
    if (options.guidance_rescale < 0 || options.guidance_rescale > 1) {
      throw value.error("'guidance_rescale' is " + value.tree().scalar +
                        "; it is a share from 0 to 1");
    }
  }
  if (map.has(kChannels)) {
    options.guidance_channels = map.at(kChannels).integer(1, kMostChannels);
  }
  if (map.has(kSkip)) options.clip_skip = map.at(kSkip).integer(0, kMostLayers);
  return options;
}

void check_prompt_options(const PromptOptions& options, const ModelFolder& folder,
                          const DrawnContent& content) {
  for (const char* key : {kNegative, kSkip}) {
    if (!content.draws_classes || !options.places.contains(key)) continue;
    throw usage_error(options.places.at(key),
                      "'" + std::string(key) + "' is of prompts, and the model draws classes");
  }
  if (options.guidance_channels > content.channels) {
    throw usage_error(options.places.at(kChannels),
                      "'guidance_channels' is " + std::to_string(options.guidance_channels) +
                          ", but latents have " + std::to_string(content.channels) + " channels");
  }
  try {
    check_clip_skip(folder, options.clip_skip);
  } catch (const Error& error) {
    throw error.seen_from(options.places.at(kSkip));
  }
  if (content.guided) return;
  const std::string why = content.takes_guidance
                              ? " has no effect: this network takes the guidance scale as an input"
                              : " has no effect without guidance (guidance_scale above 1)";
  const auto warn = [&](const char* key) {
    const auto place = options.places.find(key);
    say_warning(place == options.places.end() ? Place{} : place->second, key + why);
  };
  if (!options.negative_prompts.empty()) warn(kNegative);
  if (options.guidance_rescale > 0) warn(kRescale);
  if (options.guidance_channels > 0) warn(kChannels);
}

std::optional<std::string> negative_prompt_setting(const PromptOptions& options) {
  const std::vector<std::string>& texts = options.negative_prompts;
  if (texts.empty()) return {};
  const auto text = [](const nlohmann::json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  return all_same(texts) ? text(texts.front()) : content_hash(text(texts));
}

std::string describe(const PromptOptions& options) {
  std::string text;
  if (options.guidance_rescale > 0) {
    text += " rescaled by " + number_text(options.guidance_rescale);
  }
  if (options.guidance_channels > 0) {
    text += " of " + std::to_string(options.guidance_channels) + " channels";
  }
  if (!options.negative_prompts.empty()) {
    text += all_same(options.negative_prompts) ? ", a negative prompt" : ", negative prompts";
  }
  if (options.clip_skip > 0) text += ", clip_skip " + std::to_string(options.clip_skip);
  return text;
}

}  // namespace fdbench
