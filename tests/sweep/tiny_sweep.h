// A sweep without a model: two blocks of two layers, made by hand.
#pragma once

#include <numeric>

#include "plan/program_cost.h"
#include "sweep/prepared_sweep.h"

namespace fdbench {

inline PreparedSweep tiny_sweep(const std::vector<RunSpec>& specs) {
  PreparedSweep sweep;
  sweep.experiment.captions = {"a", "b", "c"};
  sweep.experiment.pictures.chunk = 2;
  sweep.experiment.timing.rounds = 2;
  sweep.experiment.runs = specs;
  sweep.layers = {{"down.0", "down", parts::kEncoder, {kSample}, {"encoder_hidden_states"}},
                  {"down.1", "down", parts::kEncoder, {0}},
                  {"up.0", "up", parts::kDecoder, {1, {1, EdgeKind::kSkip}}},
                  {"up.1", "up", parts::kDecoder, {2, {0, EdgeKind::kSkip}}}};
  sweep.layer_costs = {{10, 0, 0, 0}, {20, 0, 0, 0}, {30, 0, 6, 0}, {40, 0, 8, 0}};
  sweep.layer_parameters = {1, 2, 3, 4};
  for (const RunSpec& spec : specs) {
    Plan plan = make_plan(spec.strategy, spec.num_steps, sweep.layers);
    Schedule schedule(plan, sweep.layers);
    Program program = compile(schedule, sweep.layers, {.savings = spec.savings});
    const std::vector<std::int64_t> counts =
        program_cost(program, sweep.layers, sweep.layer_costs, sweep.guided());
    const std::int64_t sum = std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
    sweep.runs.push_back({spec, std::move(plan), std::move(schedule), std::move(program), "ddim",
                          std::vector<double>(static_cast<std::size_t>(spec.num_steps), 1.0),
                          counts, sum, sweep.layer_costs});
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
