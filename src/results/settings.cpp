#include "results/settings.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "core/number_text.h"
#include "io/json_text.h"

namespace fdbench {
namespace {

constexpr std::size_t kMostNamed = 3, kLongestValue = 40;

constexpr unsigned bit(Scope scope) { return static_cast<unsigned>(scope); }
constexpr unsigned kPictures = bit(Scope::kPictures), kTiming = bit(Scope::kTiming),
                   kJudging = bit(Scope::kJudging), kRoundCount = bit(Scope::kRoundCount),
                   kLatents = bit(Scope::kLatents), kCompared = bit(Scope::kCompared),
                   kModel = bit(Scope::kModel), kRun = bit(Scope::kRun);

constexpr unsigned kEverything = kPictures | kTiming | kLatents | kCompared;

constexpr SettingInfo kSettings[] = {
    {Setting::kFdbenchVersion, "fdbench_version", kPictures | kTiming, "version of the program"},
    {Setting::kDevice, "device", kPictures | kTiming | kCompared, "where pictures are computed"},
    {Setting::kDtype, "dtype", kEverything, "numbers that the network computes in"},
    {Setting::kThreads, "threads", kTiming | kCompared, "threads of an operator"},
    {Setting::kCpus, "cpus", kTiming | kCompared, "processors that the process may use"},
    {Setting::kSeed, "seed", kPictures | kTiming | kCompared, "seed of the first picture"},
    {Setting::kGuidanceScale, "guidance_scale", kEverything, "classifier-free guidance"},
    {Setting::kGuidanceRescale, "guidance_rescale", kEverything, "share of it that is rescaled"},
    {Setting::kGuidanceChannels, "guidance_channels", kEverything,
     "latent channels that are guided"},
    {Setting::kClipSkip, "clip_skip", kEverything, "last text layers that prompts do without"},
    {Setting::kLatent, "latent", kEverything, "height and width of the latents"},
    {Setting::kEqualTime, "equal_time", kTiming | kCompared, "runs that get a plain run as long"},
    {Setting::kModelUnet, "model.unet", kEverything | kModel, "hash of the weights"},
    {Setting::kModelTransformer, "model.transformer", kEverything | kModel, "hash of the weights"},
    {Setting::kModelVae, "model.vae", kEverything | kModel, "hash of the weights"},
    {Setting::kModelTextEncoder, "model.text_encoder", kEverything | kModel, "hash of the weights"},
    {Setting::kModelTextEncoder2, "model.text_encoder_2", kEverything | kModel,
     "hash of the weights"},
    {Setting::kModelTokenizer, "model.tokenizer", kEverything | kModel, "hash of the files"},
    {Setting::kModelTokenizer2, "model.tokenizer_2", kEverything | kModel, "hash of the files"},
    {Setting::kModelZerosForEmptyPrompt, "model.zeros_for_empty_prompt", kEverything | kModel,
     "whether an empty prompt is all zeros"},
    {Setting::kModelScheduler, "model.scheduler", kEverything | kModel, "hash of its config"},
    {Setting::kModelControlnet, "model.controlnet", kEverything | kModel,
     "control networks: how they are used, and the hash of their weights"},
    {Setting::kModelStages, "model.stages", kEverything | kModel,
     "stages of a cascade with their guidance scales"},
    {Setting::kModelAdditions, "model.additions", kEverything | kModel,
     "LoRAs and other weights over the model's, with their scales, as JSON"},
    {Setting::kPromptsCount, "prompts.count", kTiming | kCompared, "number of prompts"},
    {Setting::kPromptsHash, "prompts.hash", kTiming | kCompared, "hash of the prompts"},
    {Setting::kPromptsNegative, "prompts.negative", kTiming | kLatents | kCompared,
     "the negative prompt, or the hash of the list"},
    {Setting::kPromptsControl, "prompts.control", kTiming | kLatents | kCompared,
     "hash of the control pictures"},
    {Setting::kFeaturesEnabled, "features.enabled", kPictures | kCompared,
     "whether outputs are looked at"},
    {Setting::kFeaturesDetail, "features.detail", kPictures | kCompared, "of blocks or layers"},
    {Setting::kFeaturesPca, "features.pca", kPictures,
     "blocks, steps and number of pictures that are drawn by their principal components, as JSON"},
    {Setting::kFeaturesSimilarity, "features.similarity", kPictures,
     "pictures whose steps are compared with each other"},
    {Setting::kPicturesChunk, "pictures.chunk", kPictures, "pictures of a work unit"},
    {Setting::kPicturesBatch, "pictures.batch", kPictures | kLatents | kCompared,
     "pictures denoised together"},
    {Setting::kPicturesKeep, "pictures.keep", kJudging, "pictures kept in the file, -1: all"},
    {Setting::kPicturesPredicted, "pictures.predicted", kPictures,
     "steps and number of pictures whose estimates are drawn, as JSON"},
    {Setting::kJudgesClip, "judges.clip", kPictures | kCompared, "hash of the CLIP model"},
    {Setting::kJudgesNetwork, "judges.network", kPictures | kCompared,
     "hash of the feature network, and how pictures reach it"},
    {Setting::kJudgesScenes, "judges.scenes", kPictures | kCompared, "hash of the scene reader"},
    {Setting::kJudgesScorers, "judges.scorers", kPictures | kCompared,
     "names of the scorers with the hashes of what they depend on"},
    {Setting::kJudgesControlF1, "judges.control_f1", kPictures | kCompared,
     "how edges are found and matched, and the hash of the control pictures"},
    {Setting::kJudgesPerceptual, "judges.perceptual", kPictures | kCompared,
     "false: no perceptual distance"},
    {Setting::kJudgesReference, "judges.reference", kJudging | kCompared, "hash of the file"},
    {Setting::kJudgesMetrics, "judges.metrics", kJudging | kCompared, "against the reference"},
    {Setting::kJudgesKeepFeatures, "judges.keep_features", kJudging | kCompared,
     "true: features are in the file"},
    {Setting::kJudgesBootstrap, "judges.bootstrap", kJudging | kCompared,
     "resamples of the intervals"},
    {Setting::kTimingWarmup, "timing.warmup", kTiming, "pictures before the first round"},
    {Setting::kTimingRounds, "timing.rounds", kRoundCount, "rounds, or the most there may be"},
    {Setting::kTimingUntil, "timing.until", kRoundCount,
     "fewest rounds, and the width of intervals that ends them"},
    {Setting::kTimingRoundsPerProcess, "timing.rounds_per_process", kTiming,
     "rounds that a process of their own measures"},
    {Setting::kRun, "runs", kPictures | kTiming | kRun, "a run, as JSON"},
};
static_assert(std::size(kSettings) == kNumSettings);

/// Entry i is Setting i.
constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kNumSettings; ++i) {
    if (static_cast<std::size_t>(kSettings[i].setting) != i) return false;
  }
  return true;
}
static_assert(is_in_order());

/// Scopes of names that only a newer program knows, by what stands before their dot.
struct Family {
  std::string_view name;
  unsigned scopes;
};

constexpr Family kFamilies[] = {
    {"model", kEverything | kModel},
    {"prompts", kTiming | kCompared},
    {"features", kPictures | kCompared},
    {"judges", kPictures | kCompared},
    {"timing", kTiming},
    {"runs", kPictures | kTiming | kRun},
};
constexpr unsigned kUnknown = kPictures | kTiming | kCompared;

unsigned scopes_of(std::string_view setting) {
  for (const SettingInfo& info : kSettings) {
    if (info.name == setting) return info.scopes;
  }
  const std::string_view family = setting.substr(0, setting.find('.'));
  for (const Family& known : kFamilies) {
    if (known.name == family) return known.scopes;
  }
  return kUnknown;
}

Settings picked(const Settings& settings, Scope scope, bool wanted) {
  Settings found;
  for (const auto& [name, value] : settings) {
    if (depends(scope, name) == wanted) found[name] = value;
  }
  return found;
}

std::string shown(const std::string& value) {
  return value.size() <= kLongestValue ? value : value.substr(0, kLongestValue) + "...";
}

}  // namespace

std::span<const SettingInfo> all_settings() { return kSettings; }

std::string setting_name(Setting setting, const std::string& member) {
  const std::string name(kSettings[static_cast<std::size_t>(setting)].name);
  return setting == Setting::kRun ? name + "." + member : name;
}

std::string scopes_text(unsigned scopes) {
  constexpr std::pair<Scope, const char*> kNames[] = {
      {Scope::kPictures, "pictures"}, {Scope::kTiming, "timing"},
      {Scope::kJudging, "judging"},   {Scope::kRoundCount, "number of rounds"},
      {Scope::kLatents, "latents"},   {Scope::kCompared, "comparison"},
      {Scope::kModel, "model"},       {Scope::kRun, "run"}};
  std::string text;
  for (const auto& [scope, name] : kNames) {
    if ((scopes & bit(scope)) != 0) text.append(text.empty() ? "" : ", ").append(name);
  }
  return text;
}

std::string setting_text(const SettingValue& value) {
  if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return exact_number_text(std::get<double>(value));
}

void put(Settings& settings, Setting setting, const SettingValue& value, const std::string& stage) {
  std::string name = setting_name(setting);
  if (!stage.empty()) name.insert(name.find('.') + 1, stage + ".");
  settings[name] = setting_text(value);
}

void put_run(Settings& settings, const std::string& run, const std::string& text) {
  settings[setting_name(Setting::kRun, run)] = text;
}

bool depends(Scope scope, const std::string& setting) {
  return (scopes_of(setting) & bit(scope)) != 0;
}

Settings of_scope(const Settings& settings, Scope scope) { return picked(settings, scope, true); }

Settings not_of_scope(const Settings& settings, Scope scope) {
  return picked(settings, scope, false);
}

std::string settings_json(const Settings& settings) { return nlohmann::json(settings).dump(); }

Settings settings_from_json(const std::string& text) {
  Settings settings;
  if (nested_too_deeply(text)) return settings;
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return settings;
  for (const auto& [key, value] : json.items()) {
    if (value.is_string()) settings[key] = value.get<std::string>();
  }
  return settings;
}

std::string describe_changes(const Settings& before, const Settings& now) {
  std::vector<std::string> changes;
  for (const auto& [key, value] : now) {
    const auto old = before.find(key);
    if (old == before.end()) {
      changes.push_back(key + " (new)");
    } else if (old->second != value) {
      changes.push_back(key + " (was " + shown(old->second) + ", now " + shown(value) + ")");
    }
  }
  for (const auto& [key, value] : before) {
    if (now.count(key) == 0) changes.push_back(key + " (gone)");
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(changes.size(), kMostNamed); ++i) {
    text += (i ? ", " : "") + changes[i];
  }
  if (changes.size() > kMostNamed) {
    text += " and " + std::to_string(changes.size() - kMostNamed) + " more";
  }
  return text;
}

}  // namespace fdbench
