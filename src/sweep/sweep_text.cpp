#include "sweep/sweep_text.h"

#include <cstdio>

#include "sweep/picture_unit.h"

namespace fdbench {
namespace {

/// Steps of all stages that call the network, and all steps.
int num_calls(const PreparedRun& run) {
  int calls = 0;
  for (const StageRun& stage : run.stages) calls += stage.program.num_step_calls();
  return calls;
}
int num_steps(const PreparedRun& run) {
  int steps = 0;
  for (const StageRun& stage : run.stages) steps += stage.plan.num_steps();
  return steps;
}

/// ", tokens merged: 0.5"; "" where none are.
std::string merging_text(const TokenMerging& merging) {
  if (!merging.on()) return "";
  char text[64];
  std::snprintf(text, sizeof text, ", tokens merged: %g", merging.ratio);
  return text;
}

}  // namespace

std::string timing_text(const TimingSettings& timing) {
  std::string text = std::to_string(timing.rounds) + " timing rounds";
  if (timing.is_open()) {
    char until[32];
    std::snprintf(until, sizeof until, "%g%%", 100 * timing.until);
    text = std::to_string(timing.fewest_rounds) + " to " + text + ", until intervals are within " +
           until;
  }
  if (timing.rounds_per_process > 0) {
    text += ", " + std::to_string(timing.rounds_per_process) + " a process";
  }
  return text;
}

std::string sweep_line(const PreparedSweep& sweep) {
  const Experiment& experiment = sweep.experiment;
  char guidance[32];
  const PreparedStage& stage = sweep.stages.front();
  std::snprintf(guidance, sizeof guidance, "%g", stage.guidance_scale);
  const std::string& sampler = sweep.runs.front().stages.front().sampler_name;
  return std::to_string(experiment.runs.size()) + " runs x " +
         std::to_string(experiment.captions.size()) + " prompts, " + sampler + " " +
         std::to_string(experiment.runs.front().num_steps) + " steps, guidance " + guidance +
         (stage.model.time_cond_proj_dim > 0 ? " as an input of the network" : "") +
         describe(experiment.prompt_options) + ", " + timing_text(experiment.timing);
}

std::vector<std::string> plan_lines(const PreparedSweep& sweep) {
  std::vector<std::string> lines;
  for (const PreparedRun& run : sweep.runs) {
    char line[256];
    std::snprintf(
        line, sizeof line, "  %-36s %4d of %4d steps call the network, %5lld of %5lld layer runs",
        run.spec.name.c_str(), num_calls(run), num_steps(run),
        static_cast<long long>(run.num_layer_runs()), static_cast<long long>(run.layers_total()));
    const NoiseInjection& injection = run.spec.noise_injection;
    lines.push_back(line + merging_text(run.spec.tome) +
                    (injection.enabled() ? ", noise injection " + describe(injection) : ""));
  }
  return lines;
}

}  // namespace fdbench
