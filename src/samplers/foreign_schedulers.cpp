#include "samplers/foreign_schedulers.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace fdbench {
namespace {

using nlohmann::json;

using Row = std::pair<const char*, const char*>;

/// Beginnings of class names, and what a network with such a scheduler was trained for.
constexpr std::array<Row, 16> kOtherTraining = {{
    {"EDM", "for the noise levels and input scaling of EDM (Karras et al., 2022)"},
    {"FlowMatch", "by flow matching, to predict velocities between picture and noise"},
    {"FlowMap", "by flow matching, to predict velocities between picture and noise"},
    {"AnyFlow", "by flow matching, to predict velocities between picture and noise"},
    {"LTXEulerAncestral", "by flow matching, to predict velocities between picture and noise"},
    {"CogVideoX", "on films, with a noise schedule of its own"},
    {"DDPMWuerstchen", "for a noise schedule of its own"},
    {"CMStochastic", "as a consistency model, for EDM's noise levels"},
    {"ConsistencyDecoder", "as a consistency model"},
    {"ScoreSde", "for the noise levels of a continuous equation"},
    {"KarrasVe", "for the noise levels of a variance-exploding equation"},
    {"UnCLIP", "with variances and a noise schedule of its own"},
    {"VQDiffusion", "on codes, not on numbers"},
    {"Amused", "on codes, not on numbers"},
    {"IPNDM", "for angles in place of timesteps"},
    {"CosineDPMSolver", "for EDM's noise levels"},
}};

/// Schedulers of the same noise schedule and prediction, each with its nearest sampler.
constexpr std::array<Row, 12> kRelated = {{
    {"HeunDiscreteScheduler", "euler"},
    {"LMSDiscreteScheduler", "euler"},
    {"KDPM2DiscreteScheduler", "dpm_solver++"},
    {"KDPM2AncestralDiscreteScheduler", "euler_ancestral"},
    {"DEISMultistepScheduler", "dpm_solver++"},
    {"SASolverScheduler", "dpm_solver++_sde"},
    {"DPMSolverSDEScheduler", "dpm_solver++_sde"},
    {"DDIMParallelScheduler", "ddim"},
    {"DDPMParallelScheduler", "ddpm"},
    {"RePaintScheduler", "ddpm"},
    {"DDIMInverseScheduler", "ddim"},
    // Its update at eta 0 is DDIM's.
    {"TCDScheduler", "ddim"},
}};

std::string text_of(const json& config, const char* key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

void refuse_other_training(const json& scheduler_config, const std::string& sampler) {
  const std::string name = text_of(scheduler_config, "_class_name");
  for (const auto& [beginning, training] : kOtherTraining) {
    if (!name.starts_with(beginning)) continue;
    throw usage_error("the folder's scheduler is " + name + ": its network was trained " +
                      training + ", which no sampler of fdbench gives it" +
                      (sampler.empty() ? "" : "; '" + sampler + "' would draw nonsense"));
  }
  const bool is_euler =
      sampler.empty() || sampler == "euler" || sampler == "EulerDiscreteScheduler";
  if (text_of(scheduler_config, "timestep_type") == "continuous" && !is_euler) {
    throw usage_error(
        "the folder's scheduler has the timestep_type 'continuous': its network takes "
        "noise levels in place of timesteps, which '" +
        sampler + "' does not give it; leave the sampler out");
  }
}

std::string related_sampler(const std::string& class_name) {
  const auto found = std::find_if(kRelated.begin(), kRelated.end(),
                                  [&](const Row& row) { return class_name == row.first; });
  return found == kRelated.end() ? "" : found->second;
}

}  // namespace fdbench
