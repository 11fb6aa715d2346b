#include "samplers/sampler.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "samplers/ddim.h"

namespace fdbench {
namespace {

using nlohmann::json;

struct SamplerKind {
  const char* name;
  const char* class_name;  // in diffusers
  std::vector<std::string> (*option_names)();
  std::unique_ptr<Sampler> (*make)(const json& options, int num_steps);
};

const std::array kSamplers = {
    SamplerKind{"ddim", "DDIMScheduler", ddim_option_names,
                [](const json& options, int num_steps) -> std::unique_ptr<Sampler> {
                  return std::make_unique<DdimSampler>(read_ddim_options(options), num_steps);
                }},
};

/// Keys of other diffusers schedulers: converted model folders carry some of them whatever their
/// class, and diffusers ignores them there (SD 2.1 ships a DDIMScheduler with skip_prk_steps).
const std::array kForeignKeys = {"skip_prk_steps",
                                 "variance_type",
                                 "solver_order",
                                 "algorithm_type",
                                 "solver_type",
                                 "lower_order_final",
                                 "use_karras_sigmas",
                                 "use_exponential_sigmas",
                                 "use_beta_sigmas",
                                 "use_flow_sigmas",
                                 "flow_shift",
                                 "use_dynamic_shifting",
                                 "time_shift_type",
                                 "shift_terminal",
                                 "final_sigmas_type",
                                 "interpolation_type",
                                 "sigma_min",
                                 "sigma_max",
                                 "timestep_type",
                                 "timestep_scaling",
                                 "original_inference_steps",
                                 "euler_at_final",
                                 "lambda_min_clipped",
                                 "use_lu_lambdas",
                                 "predict_x0",
                                 "disable_corrector",
                                 "solver_p"};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

std::string class_of(const json& scheduler_config) {
  const auto found = scheduler_config.find("_class_name");
  return found != scheduler_config.end() && found->is_string() ? found->get<std::string>() : "";
}

const SamplerKind& kind_of(const std::string& name, const std::string& folder_class) {
  const std::string& wanted = name.empty() ? folder_class : name;
  for (const SamplerKind& kind : kSamplers) {
    if (wanted == kind.name || wanted == kind.class_name) return kind;
  }
  if (name.empty()) {
    throw usage_error((wanted.empty()
                           ? "the folder's scheduler config names no class"
                           : "the folder's scheduler '" + wanted + "' is not supported") +
                      "; choose a sampler (--sampler ddim); supported: " + joined(sampler_names()));
  }
  throw usage_error("sampler '" + name + "' is not known" + advice(name, sampler_names()));
}

/// The folder's options that the sampler reads. Those of other schedulers are left out, as
/// diffusers' from_config does; what no scheduler knows stays in, to be reported, unless the file
/// is another scheduler's.
json folder_options(const json& scheduler_config, const SamplerKind& kind) {
  const std::vector<std::string> own = kind.option_names();
  const bool same_class = class_of(scheduler_config) == kind.class_name;
  json options = json::object();
  for (const auto& [key, value] : scheduler_config.items()) {
    if (key.starts_with('_')) continue;
    const bool known = std::find(own.begin(), own.end(), key) != own.end();
    const bool foreign =
        std::find(kForeignKeys.begin(), kForeignKeys.end(), key) != kForeignKeys.end();
    if (known || (same_class && !foreign)) options[key] = value;
  }
  return options;
}

}  // namespace

std::unique_ptr<Sampler> make_sampler(const std::string& name, const json& scheduler_config,
                                      const json& overrides, int num_steps) {
  if (!scheduler_config.is_object()) throw usage_error("a scheduler config must be a JSON object");
  const SamplerKind& kind = kind_of(name, class_of(scheduler_config));
  json options = folder_options(scheduler_config, kind);
  if (!overrides.is_null()) options.update(overrides);
  return kind.make(options, num_steps);
}

std::vector<std::string> sampler_names() {
  std::vector<std::string> names;
  for (const SamplerKind& kind : kSamplers) names.push_back(kind.name);
  return names;
}

}  // namespace fdbench
