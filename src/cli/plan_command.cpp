#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/plain_options.h"
#include "cli/strategy_options.h"
#include "cli/tome_options.h"
#include "core/error.h"
#include "sweep/plan_text.h"

namespace fdbench {
namespace {

struct PlanOptions {
  std::filesystem::path config;
  std::vector<std::string> assignments;
  /// Of a config with tasks.
  std::string task;
  std::string strategy, format = "text";
  TokenMerging tome;
  StrategyChoice choice;
};

/// With options of a strategy: a single run of it, at the steps and with the sampler of the first
/// run.
void replace_runs(Experiment& experiment, const PlanOptions& options) {
  if (!options.choice.given()) return;
  if (options.strategy.empty()) {
    throw usage_error("options of a strategy need --strategy NAME beside them");
  }
  RunSpec run = experiment.runs.front();
  run.strategy = strategy_options(options.strategy, options.choice, run.num_steps);
  run.name = run_name_of(run.strategy, options.choice);
  run.execution = Execution::kSequential;
  run.place = {};
  experiment.runs = {run};
}

/// Runs of that name or strategy; all without one.
std::vector<const PreparedRun*> chosen_runs(const PreparedSweep& sweep, const std::string& wanted) {
  std::vector<const PreparedRun*> runs;
  std::vector<std::string> names;
  for (const PreparedRun& run : sweep.runs) {
    names.push_back(run.spec.name);
    names.push_back(run.spec.strategy.name);
    const bool fits = run.spec.name == wanted || run.spec.strategy.name == wanted;
    if (wanted.empty() || fits) runs.push_back(&run);
  }
  if (runs.empty()) {
    throw usage_error("--strategy " + wanted + ": no such strategy or run in the config" +
                      advice(wanted, names));
  }
  return runs;
}

void run_plan(const PlanOptions& options) {
  check_token_merging(options.tome);
  Experiment experiment = load_experiment(options.config, options.assignments, options.task);
  replace_runs(experiment, options);
  if (options.tome.on()) {
    for (RunSpec& run : experiment.runs) run.tome = options.tome;
  }
  const PreparedSweep sweep = prepare_sweep(experiment, open_models(experiment));
  const std::vector<const PreparedRun*> runs = chosen_runs(sweep, options.strategy);
  if (options.format == "json") {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const PreparedRun* run : runs) {
      for (std::size_t stage = 0; stage < sweep.stages.size(); ++stage) {
        list.push_back(plan_json(sweep, *run, stage));
      }
    }
    std::printf("%s\n", list.dump().c_str());
    return;
  }
  std::printf(
      "# # computed   . reused   - not needed   x step left out\n"
      "# steps in sampling order, counted downward; right: layer runs of all\n");
  for (const PreparedRun* run : runs) {
    for (std::size_t stage = 0; stage < sweep.stages.size(); ++stage) {
      std::printf("\n%s", plan_grid(sweep, *run, stage).c_str());
    }
  }
}

}  // namespace

void add_plan_command(CLI::App& app) {
  const auto options = std::make_shared<PlanOptions>();
  CLI::App* command = app.add_subcommand(
      "plan", "What each run of a config computes, reuses and leaves out, as a grid");
  command->add_option("CONFIG", options->config, "Config file (YAML)")->required();
  command->add_option("--strategy", options->strategy,
                      "Only runs of this strategy or name; with the options below, a run of it");
  add_options(*command, options->choice);
  command->add_option("--set", options->assignments, "Replace a value of the config: key=value")
      ->take_all()
      ->check(is_text());
  command->add_option("--task", options->task, "Of a config with tasks: which one");
  command
      ->add_option("--format", options->format,
                   "text, or json with every layer; both are read back by a run with "
                   "{strategy: custom, grid: {file: FILE}}")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_tome_options(*command, options->tome);
  command->footer(
      "Example: fdbench plan configs/ablation.yaml --strategy encoder\n"
      "         fdbench plan configs/ablation.yaml --strategy deepcache --cache-interval 5");
  command->callback([options] { run_plan(*options); });
}

}  // namespace fdbench
