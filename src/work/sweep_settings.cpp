#include "work/sweep_settings.h"

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "config/tome_config.h"
#include "core/hash.h"
#include "judging/control_judge.h"
#include "judging/judges.h"
#include "plan/plan_grid.h"
#include "tasks/prompt_encoder.h"
#include "work/strategy_text.h"

namespace fdbench {
namespace {

/// Hash of all files of the folder's tokenizer.
std::string tokenizer_hash(const std::filesystem::path& folder) {
  std::string contents;
  std::error_code ignored;
  std::set<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file()) files.insert(entry.path());
  }
  for (const std::filesystem::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    contents += path.filename().string() + "\n";
    contents.append(std::istreambuf_iterator<char>(file), {});
  }
  return content_hash(contents);
}

/// What a run's latents depend on besides its plan and the sweep's settings.
nlohmann::json sampling_json(const RunSpec& run) {
  nlohmann::json json = {
      {"execution", execution_name(run.execution)},
      {"steps", run.num_steps},
      {"savings",
       {run.savings.skip_hoisting, run.savings.prefix_sharing, run.savings.text_caching}},
      {"sampler", run.sampler.name},
      {"options", run.sampler.options}};
  if (run.tome.on()) {
    json["tome"] = {setting_text(run.tome.ratio), tome_options_text(run.tome)};
  }
  if (run.noise_injection.enabled()) {
    json["noise_injection"] = {run.noise_injection.alpha, run.noise_injection.tau,
                               injection_placement_name(*run.noise_injection.placement)};
  }
  return json;
}

/// All of a run.
std::string run_text(const RunSpec& run) {
  nlohmann::json json = sampling_json(run);
  json["max_parallel"] = run.max_parallel;
  if (!run.baseline.empty()) json["baseline"] = run.baseline;
  add_strategy(json, run.strategy);
  for (const auto& [name, stage] : run.stages) json["stages"][name] = run_text(stage);
  return json.dump();
}

/// All that determines what a stage of a run makes, without the names and options that its grid was
/// made of.
nlohmann::json work_of(const StageRun& run) {
  nlohmann::json json = sampling_json(run.spec);
  if (run.spec.execution == Execution::kParallel) json["max_parallel"] = run.spec.max_parallel;
  json["plan"] = plan_hash(run.plan);
  return json;
}

std::string captions_text(const Experiment& experiment) {
  return nlohmann::json(experiment.captions)
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What settings are made of.
struct Sources {
  const Experiment& experiment;
  const ModelFolder& folder;
  int num_threads;
};

/// Nothing where the setting is not told, because the config does not ask for what it is about.
using Made = std::optional<SettingValue>;

Made whole(std::int64_t number) { return SettingValue(number); }
Made text(std::string words) { return SettingValue(std::move(words)); }

Made weights_of(const Sources& from, const char* part) {
  return from.folder.has(part) ? text(from.folder.weights_hash(part)) : Made();
}

Made tokenizer_of(const Sources& from, const char* part) {
  return from.folder.has(part) ? text(tokenizer_hash(from.folder.part_path(part))) : Made();
}

Made latent_of(const Experiment& experiment) {
  if (experiment.latent_height == 0) return {};
  return text(std::to_string(experiment.latent_height) + "x" +
              std::to_string(experiment.latent_width));
}

/// The fewest rounds and the width of intervals that ends them.
Made until_of(const TimingSettings& timing) {
  if (!timing.is_open()) return {};
  return text(std::to_string(timing.fewest_rounds) + " " + setting_text(timing.until));
}

Made zeros_for_empty_prompt_of(const ModelFolder& folder) {
  if (!folder.has("text_encoder_2")) return {};
  return SettingValue(zeros_for_empty_prompt(folder));
}

/// Nothing for a model of one stage.
Made stages_of(const Experiment& experiment) {
  if (experiment.stages.size() < 2) return {};
  nlohmann::json json = nlohmann::json::array();
  for (const StageSettings& stage : experiment.stages) {
    json.push_back({stage.name, stage.guidance_scale});
  }
  return text(json.dump());
}

/// How the control networks are used, with their weights; nothing without any.
Made controlnet_of(const Experiment& experiment) {
  if (experiment.controls.networks.empty()) return {};
  nlohmann::json weights = nlohmann::json::array();
  for (const ControlSource& source : experiment.controls.networks) {
    weights.push_back(open_controlnet(source).weights_hash("controlnet"));
  }
  return text(control_setting(experiment.controls) + weights.dump());
}

Made control_images_of(const Experiment& experiment) {
  const std::string hash = control_images_hash(experiment.controls, 0, experiment.num_pictures());
  return hash.empty() ? Made() : text(hash);
}

Made additions_of(const ModelFolder& folder) {
  const std::string names = additions_json(folder.additions());
  return names.empty() ? Made() : text(names);
}

Made scheduler_of(const ModelFolder& folder) {
  if (!folder.has("scheduler")) return {};
  return text(content_hash(folder.config("scheduler").dump()));
}

/// The shortest text that reads as the same number.
Made rescale_of(const PromptOptions& prompts) {
  if (prompts.guidance_rescale == 0) return {};
  return text(nlohmann::json(prompts.guidance_rescale).dump());
}

Made negative_of(const PromptOptions& prompts) {
  const auto negative = negative_prompt_setting(prompts);
  return negative ? text(*negative) : Made();
}

Made pca_of(const Experiment& experiment) {
  const PcaSettings& pca = experiment.features.pca;
  if (pca.pictures == 0) return {};
  return text(
      nlohmann::json(
          {{"blocks", pca.blocks}, {"steps", pca.steps.counted}, {"pictures", pca.pictures}})
          .dump());
}

Made predicted_of(const Experiment& experiment) {
  const PredictedSettings& predicted = experiment.pictures.predicted;
  if (predicted.pictures == 0) return {};
  return text(nlohmann::json({{"steps", predicted.steps.counted}, {"pictures", predicted.pictures}})
                  .dump());
}

template <Setting kSetting>
Made of_judges(const Sources& from) {
  return judge_setting(kSetting, from.experiment.judges);
}

/// How a setting is made of the experiment and its model.
struct Maker {
  Setting setting;
  Made (*make)(const Sources& from);
};

constexpr Maker kMakers[] = {
    {Setting::kFdbenchVersion, [](const Sources&) { return text(FDBENCH_VERSION); }},
    {Setting::kDevice, [](const Sources& from) { return text(from.experiment.device); }},
    {Setting::kDtype, [](const Sources& from) { return text(from.experiment.dtype); }},
    {Setting::kThreads, [](const Sources& from) { return whole(from.num_threads); }},
    {Setting::kCpus,
     [](const Sources& from) {
       const std::vector<int>& cpus = from.experiment.cpus;
       return cpus.empty() ? Made() : text(nlohmann::json(cpus).dump());
     }},
    {Setting::kSeed,
     [](const Sources& from) { return text(std::to_string(from.experiment.seed)); }},
    {Setting::kGuidanceScale,
     [](const Sources& from) { return Made(from.experiment.guidance_scale); }},
    {Setting::kGuidanceRescale,
     [](const Sources& from) { return rescale_of(from.experiment.prompt_options); }},
    {Setting::kGuidanceChannels,
     [](const Sources& from) {
       const std::int64_t channels = from.experiment.prompt_options.guidance_channels;
       return channels == 0 ? Made() : whole(channels);
     }},
    {Setting::kClipSkip,
     [](const Sources& from) {
       const std::int64_t clip_skip = from.experiment.prompt_options.clip_skip;
       return clip_skip == 0 ? Made() : whole(clip_skip);
     }},
    {Setting::kLatent, [](const Sources& from) { return latent_of(from.experiment); }},
    {Setting::kEqualTime,
     [](const Sources& from) {
       const EqualTime& equal_time = from.experiment.equal_time;
       return equal_time.wanted() ? text(nlohmann::json(equal_time.runs).dump()) : Made();
     }},
    {Setting::kModelUnet, [](const Sources& from) { return weights_of(from, "unet"); }},
    {Setting::kModelTransformer,
     [](const Sources& from) { return weights_of(from, "transformer"); }},
    {Setting::kModelVae, [](const Sources& from) { return weights_of(from, "vae"); }},
    {Setting::kModelTextEncoder,
     [](const Sources& from) { return weights_of(from, "text_encoder"); }},
    {Setting::kModelTextEncoder2,
     [](const Sources& from) { return weights_of(from, "text_encoder_2"); }},
    {Setting::kModelTokenizer, [](const Sources& from) { return tokenizer_of(from, "tokenizer"); }},
    {Setting::kModelTokenizer2,
     [](const Sources& from) { return tokenizer_of(from, "tokenizer_2"); }},
    {Setting::kModelZerosForEmptyPrompt,
     [](const Sources& from) { return zeros_for_empty_prompt_of(from.folder); }},
    {Setting::kModelScheduler, [](const Sources& from) { return scheduler_of(from.folder); }},
    {Setting::kModelControlnet, [](const Sources& from) { return controlnet_of(from.experiment); }},
    {Setting::kModelStages, [](const Sources& from) { return stages_of(from.experiment); }},
    {Setting::kModelAdditions, [](const Sources& from) { return additions_of(from.folder); }},
    {Setting::kPromptsCount,
     [](const Sources& from) { return whole(from.experiment.num_pictures()); }},
    {Setting::kPromptsHash,
     [](const Sources& from) { return text(content_hash(captions_text(from.experiment))); }},
    {Setting::kPromptsNegative,
     [](const Sources& from) { return negative_of(from.experiment.prompt_options); }},
    {Setting::kPromptsControl,
     [](const Sources& from) { return control_images_of(from.experiment); }},
    {Setting::kFeaturesEnabled,
     [](const Sources& from) { return Made(from.experiment.features.enabled); }},
    {Setting::kFeaturesDetail,
     [](const Sources& from) { return text(from.experiment.features.detail); }},
    {Setting::kFeaturesPca, [](const Sources& from) { return pca_of(from.experiment); }},
    {Setting::kFeaturesSimilarity,
     [](const Sources& from) {
       const int pictures = from.experiment.features.similarity.pictures;
       return pictures > 0 ? whole(pictures) : Made();
     }},
    {Setting::kPicturesChunk,
     [](const Sources& from) { return whole(from.experiment.pictures.chunk); }},
    {Setting::kPicturesBatch,
     [](const Sources& from) { return whole(from.experiment.pictures.batch); }},
    {Setting::kPicturesKeep,
     [](const Sources& from) { return whole(from.experiment.pictures.keep); }},
    {Setting::kPicturesPredicted,
     [](const Sources& from) { return predicted_of(from.experiment); }},
    {Setting::kJudgesClip, of_judges<Setting::kJudgesClip>},
    {Setting::kJudgesNetwork, of_judges<Setting::kJudgesNetwork>},
    {Setting::kJudgesScenes, of_judges<Setting::kJudgesScenes>},
    {Setting::kJudgesScorers, of_judges<Setting::kJudgesScorers>},
    {Setting::kJudgesControlF1,
     [](const Sources& from) -> Made { return control_judge_setting(from.experiment); }},
    {Setting::kJudgesPerceptual, of_judges<Setting::kJudgesPerceptual>},
    {Setting::kJudgesReference, of_judges<Setting::kJudgesReference>},
    {Setting::kJudgesMetrics, of_judges<Setting::kJudgesMetrics>},
    {Setting::kJudgesKeepFeatures, of_judges<Setting::kJudgesKeepFeatures>},
    {Setting::kJudgesBootstrap, of_judges<Setting::kJudgesBootstrap>},
    {Setting::kTimingWarmup,
     [](const Sources& from) { return whole(from.experiment.timing.warmup); }},
    {Setting::kTimingRounds,
     [](const Sources& from) { return whole(from.experiment.timing.rounds); }},
    {Setting::kTimingUntil, [](const Sources& from) { return until_of(from.experiment.timing); }},
    {Setting::kTimingRoundsPerProcess,
     [](const Sources& from) {
       const int rounds = from.experiment.timing.rounds_per_process;
       return rounds == 0 ? Made() : whole(rounds);
     }},
};

/// A maker for each setting but the runs', whose names are the user's.
constexpr bool is_complete() {
  for (std::size_t i = 0; i < std::size(kMakers); ++i) {
    if (static_cast<std::size_t>(kMakers[i].setting) != i) return false;
  }
  return std::size(kMakers) + 1 == kNumSettings;
}
static_assert(is_complete(), "a setting that is declared but never made, or made twice");

}  // namespace

Settings sweep_settings(const Experiment& experiment, const std::vector<StageFolder>& folders,
                        int num_threads) {
  Settings settings;
  for (const Maker& maker : kMakers) {
    const bool is_of_folder = maker.setting != Setting::kModelStages &&
                              depends(Scope::kModel, setting_name(maker.setting));
    for (const StageFolder& stage : folders) {
      const Made value = maker.make({experiment, stage.folder, num_threads});
      if (value) put(settings, maker.setting, *value, is_of_folder ? stage.name : "");
      if (!is_of_folder) break;
    }
  }
  for (const RunSpec& run : experiment.runs) put_run(settings, run.name, run_text(run));
  return settings;
}

std::string work_of(const PreparedRun& run) {
  if (run.stages.size() == 1) return work_of(run.stages[0]).dump();
  nlohmann::json json = nlohmann::json::array();
  for (const StageRun& stage : run.stages) json.push_back(work_of(stage));
  return json.dump();
}

}  // namespace fdbench
