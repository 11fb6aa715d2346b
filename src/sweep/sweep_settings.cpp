#include "sweep/sweep_settings.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "config/tome_config.h"
#include "core/hash.h"
#include "judging/judges.h"
#include "plan/plan_grid.h"
#include "tasks/prompt_encoder.h"

namespace fdbench {
namespace {

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", number);
  return text;
}

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

std::string run_text(const RunSpec& run) {
  nlohmann::json json = {
      {"strategy", run.strategy.name},
      {"key_steps", key_steps_text(run.strategy.key_steps)},
      {"execution", execution_name(run.execution)},
      {"max_parallel", run.max_parallel},
      {"steps", run.num_steps},
      {"savings",
       {run.savings.skip_hoisting, run.savings.prefix_sharing, run.savings.text_caching}},
      {"sampler", run.sampler.name},
      {"options", run.sampler.options}};
  if (run.strategy.reuse != Reuse::kHold) json["reuse"] = reuse_name(run.strategy.reuse);
  if (!run.baseline.empty()) json["baseline"] = run.baseline;
  if (run.tome.on()) {
    json["tome"] = {number_text(run.tome.ratio), tome_options_text(run.tome)};
  }
  if (run.noise_injection.enabled()) {
    json["noise_injection"] = {run.noise_injection.alpha, run.noise_injection.tau,
                               injection_placement_name(run.noise_injection.placement)};
  }
  for (const auto& [selector, key_steps] : run.strategy.custom) {
    json["blocks"][selector] = key_steps_text(key_steps);
  }
  for (const auto& [name, cells] : run.strategy.grid) json["grid"][name] = cells;
  for (const auto& [name, stage] : run.stages) json["stages"][name] = run_text(stage);
  if (run.strategy.deepcache) {
    const DeepCacheOptions& cache = *run.strategy.deepcache;
    json["cache"] = {cache.cache_branch.value_or(-1), cache.cache_block_id, cache.cache_layer_id};
  }
  if (run.strategy.first_block_cache) {
    const FirstBlockCacheOptions& cache = *run.strategy.first_block_cache;
    json["first_block_cache"] = {number_text(cache.threshold), cache.cache_branch, cache.warmup,
                                 cache.max_run};
  }
  return json.dump();
}

/// All that determines what a stage of a run makes, without the names and options that its grid was
/// made of.
nlohmann::json work_of(const StageRun& run) {
  nlohmann::json json = nlohmann::json::parse(run_text(run.spec));
  for (const char* key : {"strategy", "key_steps", "blocks", "grid", "cache", "first_block_cache",
                          "reuse", "baseline", "max_parallel", "stages"}) {
    json.erase(key);
  }
  if (run.spec.execution == Execution::kParallel) json["max_parallel"] = run.spec.max_parallel;
  json["plan"] = plan_hash(run.plan);
  return json;
}

/// Weights and other files of a model. prefix: "model.".
Settings model_settings(const ModelFolder& folder, const std::string& prefix) {
  Settings settings;
  for (const char* part : {"unet", "vae", "text_encoder", "text_encoder_2"}) {
    if (folder.has(part)) settings[prefix + part] = folder.weights_hash(part);
  }
  for (const char* part : {"tokenizer", "tokenizer_2"}) {
    if (folder.has(part)) settings[prefix + part] = tokenizer_hash(folder.part_path(part));
  }
  if (folder.has("text_encoder_2")) {
    settings[prefix + "zeros_for_empty_prompt"] = zeros_for_empty_prompt(folder) ? "true" : "false";
  }
  if (folder.has("scheduler")) {
    settings[prefix + "scheduler"] = content_hash(folder.config("scheduler").dump());
  }
  return settings;
}

std::string captions_text(const Experiment& experiment) {
  return nlohmann::json(experiment.captions)
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Settings sweep_settings(const Experiment& experiment, const std::vector<StageFolder>& folders,
                        int num_threads) {
  Settings settings = {{"fdbench_version", FDBENCH_VERSION},
                       {"device", experiment.device},
                       {"dtype", experiment.dtype},
                       {"threads", std::to_string(num_threads)},
                       {"seed", std::to_string(experiment.seed)},
                       {"guidance_scale", number_text(experiment.guidance_scale)},
                       {"prompts.count", std::to_string(experiment.captions.size())},
                       {"prompts.hash", content_hash(captions_text(experiment))},
                       {"features.enabled", experiment.features.enabled ? "true" : "false"},
                       {"features.detail", experiment.features.detail},
                       {"pictures.chunk", std::to_string(experiment.pictures.chunk)},
                       {"pictures.batch", std::to_string(experiment.pictures.batch)},
                       {"pictures.keep", std::to_string(experiment.pictures.keep)},
                       {"timing.warmup", std::to_string(experiment.timing.warmup)},
                       {"timing.rounds", std::to_string(experiment.timing.rounds)}};
  const TimingSettings& timing = experiment.timing;
  if (timing.is_open()) {
    settings["timing.until"] =
        std::to_string(timing.fewest_rounds) + " " + number_text(timing.until);
  }
  if (timing.rounds_per_process > 0) {
    settings["timing.rounds_per_process"] = std::to_string(timing.rounds_per_process);
  }
  if (!experiment.cpus.empty()) settings["cpus"] = nlohmann::json(experiment.cpus).dump();
  if (experiment.latent_height > 0) {
    settings["latent"] =
        std::to_string(experiment.latent_height) + "x" + std::to_string(experiment.latent_width);
  }
  for (std::size_t i = 0; i < folders.size(); ++i) {
    const StageSettings& stage = experiment.stages[i];
    const std::string prefix = stage.name.empty() ? "model." : "model." + stage.name + ".";
    settings.merge(model_settings(folders[i].folder, prefix));
    if (stage.name.empty()) continue;
    settings[prefix + "stage"] = std::to_string(i);
    settings[prefix + "guidance_scale"] = number_text(stage.guidance_scale);
  }
  if (experiment.equal_time.wanted()) {
    settings["equal_time"] = nlohmann::json(experiment.equal_time.runs).dump();
  }
  settings.merge(judge_settings(experiment.judges));
  settings.merge(prompt_settings(experiment.prompt_options));
  for (const RunSpec& run : experiment.runs) settings["runs." + run.name] = run_text(run);
  return settings;
}

std::string work_of(const PreparedRun& run) {
  if (run.stages.size() == 1) return work_of(run.stages[0]).dump();
  nlohmann::json json = nlohmann::json::array();
  for (const StageRun& stage : run.stages) json.push_back(work_of(stage));
  return json.dump();
}

}  // namespace fdbench
