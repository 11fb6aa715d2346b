// A sweep without a model: two blocks of two layers, made by hand.
#pragma once

#include <numeric>

#include "plan/program_cost.h"
#include "work/prepared_sweep.h"

namespace fdbench {

inline PreparedSweep tiny_sweep(const std::vector<RunSpec>& specs) {
  PreparedSweep sweep;
  sweep.experiment.captions = {"a", "b", "c"};
  sweep.experiment.pictures.chunk = 2;
  sweep.experiment.timing.rounds = 2;
  sweep.experiment.runs = specs;
  PreparedStage& stage = sweep.stages.emplace_back();
  stage.guidance_scale = sweep.experiment.guidance_scale;
  std::vector<LayerInfo>& layers = stage.model.layers;
  layers = {{"down.0", "down", parts::kEncoder, {kSample}, {"encoder_hidden_states"}},
            {"down.1", "down", parts::kEncoder, {0}},
            {"up.0", "up", parts::kDecoder, {1, {1, EdgeKind::kSkip}}},
            {"up.1", "up", parts::kDecoder, {2, {0, EdgeKind::kSkip}}}};
  stage.layer_costs = {{10, 0, 0, 0}, {20, 0, 0, 0}, {30, 0, 6, 0}, {40, 0, 8, 0}};
  stage.model.layer_parameters = {1, 2, 3, 4};
  for (const RunSpec& spec : specs) {
    Plan plan = make_plan(spec.strategy, spec.num_steps, layers);
    Schedule schedule(plan, layers);
    Program program = compile(schedule, layers, {.savings = spec.savings});
    const std::vector<std::int64_t> counts =
        program_cost(program, layers, stage.layer_costs, stage.guided());
    const std::int64_t sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    const std::vector<double> timesteps(static_cast<std::size_t>(spec.num_steps), 1.0);
    PreparedRun run{.spec = spec, .stages = {}};
    run.stages.push_back({.spec = spec,
                          .plan = std::move(plan),
                          .schedule = std::move(schedule),
                          .program = std::move(program),
                          .sampler_name = "ddim",
                          .timesteps = timesteps,
                          .layer_multiply_adds = counts,
                          .multiply_adds = sum,
                          .layer_costs = stage.layer_costs});
    sweep.runs.push_back(std::move(run));
  }
  return sweep;
}

/// A run with key steps at the first step and at every second one after it.
inline RunSpec tiny_run(const std::string& strategy, int num_steps) {
  RunSpec run;
  run.name = strategy;
  run.strategy.name = strategy;
  run.num_steps = num_steps;
  if (strategy != "full") run.strategy.key_steps = uniform_key_steps(2, num_steps);
  return run;
}

}  // namespace fdbench
