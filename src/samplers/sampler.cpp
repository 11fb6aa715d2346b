#include "samplers/sampler.h"

#include "core/error.h"
#include "samplers/ddim.h"
#include "samplers/ddpm.h"
#include "samplers/dpm_solver_multistep.h"
#include "samplers/dpm_solver_singlestep.h"
#include "samplers/euler.h"
#include "samplers/euler_ancestral.h"
#include "samplers/foreign_schedulers.h"
#include "samplers/known_options.h"
#include "samplers/lcm.h"
#include "samplers/pndm.h"
#include "samplers/unipc.h"

namespace fdbench {
namespace {

using nlohmann::json;

struct SamplerKind {
  const char* name;
  /// In diffusers.
  const char* class_name;
  /// Options that the name stands for, over those of the folder.
  json implied;
  std::unique_ptr<Sampler> (*make)(const SamplerConfig& config, int num_steps);
};

std::unique_ptr<Sampler> make_dpm_solver(const SamplerConfig& config, int num_steps) {
  return std::make_unique<DpmSolverMultistepSampler>(
      read_dpm_solver_options(config, DpmSolver::kMultistep), num_steps);
}

std::unique_ptr<Sampler> make_dpm_solver_singlestep(const SamplerConfig& config, int num_steps) {
  return std::make_unique<DpmSolverSinglestepSampler>(
      read_dpm_solver_options(config, DpmSolver::kSinglestep), num_steps);
}

/// A sampler of options that one function reads.
template <typename SamplerType, auto kRead>
std::unique_ptr<Sampler> make(const SamplerConfig& config, int num_steps) {
  return std::make_unique<SamplerType>(kRead(config), num_steps);
}

/// A DPM-Solver of this algorithm_type; those that work on noises cannot reach sigma 0.
SamplerKind dpm_solver(const char* name, const char* algorithm_type) {
  json implied = {{"algorithm_type", algorithm_type}};
  if (!std::string(algorithm_type).ends_with("++")) implied["final_sigmas_type"] = "sigma_min";
  return {name, "DPMSolverMultistepScheduler", implied, make_dpm_solver};
}

const std::vector<SamplerKind>& sampler_kinds() {
  const json none = json::object();
  static const std::vector<SamplerKind> kinds = {
      {"ddim", "DDIMScheduler", none, make<DdimSampler, read_ddim_options>},
      {"ddpm", "DDPMScheduler", none, make<DdpmSampler, read_ddpm_options>},
      dpm_solver("dpm_solver++", "dpmsolver++"),
      dpm_solver("dpm_solver", "dpmsolver"),
      dpm_solver("dpm_solver++_sde", "sde-dpmsolver++"),
      dpm_solver("dpm_solver_sde", "sde-dpmsolver"),
      {"dpm_solver_singlestep", "DPMSolverSinglestepScheduler", none, make_dpm_solver_singlestep},
      {"euler", "EulerDiscreteScheduler", none, make<EulerSampler, read_euler_options>},
      {"euler_ancestral", "EulerAncestralDiscreteScheduler", none,
       make<EulerAncestralSampler, read_euler_ancestral_options>},
      {"pndm", "PNDMScheduler", none, make<PndmSampler, read_pndm_options>},
      {"unipc", "UniPCMultistepScheduler", none, make<UniPcSampler, read_unipc_options>},
      {"lcm", "LCMScheduler", none, make<LcmSampler, read_lcm_options>},
  };
  return kinds;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string class_of(const json& scheduler_config) {
  const auto found = scheduler_config.find("_class_name");
  return found != scheduler_config.end() && found->is_string() ? found->get<std::string>() : "";
}

const SamplerKind* find_kind(const std::string& wanted) {
  for (const SamplerKind& kind : sampler_kinds()) {
    if (wanted == kind.name || wanted == kind.class_name) return &kind;
  }
  return nullptr;
}

/// The folder's own class is not among ours.
Error not_supported(const std::string& folder_class) {
  if (folder_class.empty()) {
    return usage_error(
        "the scheduler config names no class (_class_name), so that the sampler must "
        "be chosen: one of " +
        joined(sampler_names()));
  }
  const std::string related = related_sampler(folder_class);
  return usage_error("the folder's scheduler '" + folder_class + "' is not supported; '" + related +
                     "' works on the same noise schedule, which draws other pictures than " +
                     folder_class + " (--sampler " + related + ", or sampler: in a config)");
}

const SamplerKind& kind_of(const std::string& name, const std::string& folder_class) {
  if (const SamplerKind* kind = find_kind(name.empty() ? folder_class : name)) return *kind;
  if (name.empty()) throw not_supported(folder_class);
  throw usage_error("sampler '" + name + "' is not known" + advice(name, sampler_names()));
}

/// Refuses schedulers that are neither ours nor related to one of ours.
void check_training(const json& config, const std::string& name) {
  refuse_other_training(config, name);
  const std::string folder_class = class_of(config);
  if (folder_class.empty() || find_kind(folder_class) != nullptr) return;
  if (!related_sampler(folder_class).empty()) return;
  throw usage_error(
      "the folder's scheduler '" + folder_class +
      "' is not known, nor whether its network was trained on the noise of another; "
      "where it was, name that class here and in model_index.json (DDIMScheduler, ...)");
}

/// The error with the folder's file as its place.
Error at(const std::string& file, const Error& error) {
  return file.empty() ? error : error.seen_from({file});
}

/// Options of the folder, the name, and the user, each over those before. Keys of other schedulers
/// are only allowed in the folder's file.
SamplerConfig merged(const json& scheduler_config, const json& implied, const json& overrides) {
  SamplerConfig config(json::object());
  for (const auto& [key, value] : scheduler_config.items()) {
    if (key.starts_with('_')) continue;
    config.options[key] = value;
    const bool chosen = implied.contains(key) || (overrides.is_object() && overrides.contains(key));
    if (!chosen) config.of_folder.push_back(key);
  }
  config.options.update(implied);
  if (!overrides.is_null()) config.options.update(overrides);
  for (const std::string& key : scheduler_option_names()) {
    const bool chosen = overrides.is_object() && overrides.contains(key);
    if (config.options.contains(key) && !chosen) config.foreign.push_back(key);
  }
  return config;
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const std::string& name, const json& scheduler_config,
                                      const json& overrides, int num_steps,
                                      const std::string& file) {
  if (!scheduler_config.is_object()) {
    throw at(file, usage_error("a scheduler config must be a JSON object"));
  }
  try {
    check_training(scheduler_config, name);
    if (name.empty()) kind_of(name, class_of(scheduler_config));
  } catch (const Error& error) {
    throw at(file, error);
  }
  const SamplerKind& kind = kind_of(name, class_of(scheduler_config));
  const json implied = name == kind.name ? kind.implied : json::object();
  SamplerConfig config = merged(scheduler_config, implied, overrides);
  config.file = file;
  return kind.make(config, num_steps);
}

std::vector<SamplerOption> sampler_options(const std::string& name) {
  constexpr int kAnyNumSteps = 10;
  const SamplerKind& kind = kind_of(name, "");
  std::vector<SamplerOption> declared;
  SamplerConfig config(kind.implied);
  config.declarations = &declared;
  kind.make(config, kAnyNumSteps);
  for (SamplerOption& option : declared) {
    const auto implied = kind.implied.find(option.name);
    if (implied != kind.implied.end()) option.initial = *implied;
  }
  return declared;
}

std::vector<std::string> sampler_names() {
  std::vector<std::string> names;
  for (const SamplerKind& kind : sampler_kinds()) names.push_back(kind.name);
  return names;
}

std::vector<std::string> sampler_class_names() {
  std::vector<std::string> names;
  for (const SamplerKind& kind : sampler_kinds()) names.emplace_back(kind.class_name);
  return names;
}

}  // namespace fdbench
