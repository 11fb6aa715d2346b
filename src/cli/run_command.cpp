#include <ATen/Parallel.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/plain_options.h"
#include "cli/terminal.h"
#include "cli/test_hooks.h"
#include "core/cpu_set.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "core/notes.h"
#include "results/run_table.h"
#include "sweep/sweep_runner.h"

namespace fdbench {
namespace {

struct RunOptions {
  std::filesystem::path config;
  std::vector<std::string> assignments;
  /// Of a config with tasks; "": all, one after the other.
  std::string task;
  /// "": all
  std::string shard;
  /// "5-9": what a process of `rounds_per_process` is asked for.
  std::string timing_rounds;
  /// Nothing but faults is printed.
  bool quiet = false;
  SweepOptions sweep;
};

/// Pins the process and sets its number of threads as the config says.
void use_processors(const Experiment& experiment) {
  if (!experiment.cpus.empty()) {
    pin_to_cpus(experiment.cpus);
    at::set_num_threads(static_cast<int>(experiment.cpus.size()));
  }
  if (experiment.threads > 0) at::set_num_threads(experiment.threads);
}

/// "5-9". Throws a usage error for anything else.
std::pair<int, int> parse_rounds(const std::string& text) {
  int first = 0, last = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%d-%d%c", &first, &last, &rest) == 2) return {first, last};
  throw usage_error("--timing-rounds wants FIRST-LAST, not '" + text + "'");
}

/// This program with arguments that run the same sweep, quietly.
std::vector<std::string> same_command(const RunOptions& options) {
  std::vector<std::string> command = {std::filesystem::read_symlink("/proc/self/exe").string(),
                                      "run",
                                      options.config.string(),
                                      "--quiet",
                                      "--out",
                                      options.sweep.output.string()};
  for (const std::string& assignment : options.assignments) {
    command.insert(command.end(), {"--set", assignment});
  }
  if (!options.task.empty()) command.insert(command.end(), {"--task", options.task});
  if (!options.shard.empty()) command.insert(command.end(), {"--shard", options.shard});
  return command;
}

/// One sweep.
void run_one(RunOptions options) {
  const Experiment experiment = load_experiment(options.config, options.assignments, options.task);
  if (!options.shard.empty()) options.sweep.shard = parse_shard(options.shard);
  if (options.sweep.output.empty()) {
    options.sweep.output = "results/" + experiment.name + ".h5";
    const Shard& shard = options.sweep.shard;
    if (!shard.whole()) options.sweep.output = shard_path(options.sweep.output, shard);
  }
  if (!options.timing_rounds.empty()) {
    options.sweep.timing_rounds = parse_rounds(options.timing_rounds);
    // The process that asked has said it all.
    set_note_sink({});
  }
  options.sweep.timing_command = same_command(options);
  options.sweep.change = slowed_decoder_hook();
  use_processors(experiment);
  const InterruptGuard guard;
  const Reporter reporter = options.quiet ? Reporter() : terminal_reporter();
  const auto result = run_sweep(experiment, options.sweep, reporter);
  if (!result || options.quiet) return;
  std::printf("\n%s\nresults  %s\n", format_runs(*result, "table").c_str(),
              options.sweep.output.c_str());
}

/// "results/table4_edges.h5" of "results/table4.h5".
std::filesystem::path with_task(std::filesystem::path path, const std::string& task) {
  if (path.empty()) return path;
  const std::string name = path.stem().string() + "_" + task + path.extension().string();
  return path.replace_filename(name);
}

void run_run(const RunOptions& options) {
  const std::vector<std::string> tasks = load_task_names(options.config, options.assignments);
  if (tasks.empty() || !options.task.empty()) return run_one(options);
  // Faults of any task before the first one takes its time.
  for (const std::string& task : tasks) {
    load_experiment(options.config, options.assignments, task);
  }
  for (const std::string& task : tasks) {
    RunOptions of_task = options;
    of_task.task = task;
    of_task.sweep.output = with_task(options.sweep.output, task);
    if (!options.quiet) std::printf("\ntask %s\n", task.c_str());
    run_one(std::move(of_task));
  }
}

}  // namespace

void add_run_command(CLI::App& app) {
  const auto options = std::make_shared<RunOptions>();
  CLI::App* command = app.add_subcommand(
      "run", "Run a sweep: pictures, features, interleaved timings, one HDF5 file, a table");
  command->add_option("CONFIG", options->config, "Config file (YAML)")->required();
  command->add_option("--out", options->sweep.output,
                      "Result file (default: results/<name of the sweep>.h5)");
  command
      ->add_option("--set", options->assignments,
                   "Replace a value of the config: key=value, lists by index (repeatable)")
      ->take_all()
      ->check(is_text());
  command->add_option("--task", options->task,
                      "Of a config with tasks, one alone (default: all, each with a file of its "
                      "own: --out FILE stands for FILE_TASK)");
  command->add_option("--shard", options->shard,
                      "Compute part K of N only, into a file for `fdbench merge`: K/N");
  command->add_option("--timing-rounds", options->timing_rounds)->group("");
  command->add_flag("--fresh", options->sweep.fresh, "Begin anew, whatever is there");
  command->add_flag("--dry-run", options->sweep.dry_run, "Print what would be done, write nothing");
  command->add_flag("--quiet", options->quiet, "Print nothing but faults");
  command->footer(
      "The same command goes on where it was stopped. Examples:\n"
      "  fdbench run configs/ablation.yaml\n"
      "  fdbench run configs/ablation.yaml --set model=path/to/stable-diffusion --set "
      "guidance_scale=7.5 --out results/sd15.h5\n"
      "  fdbench run configs/quick.yaml --set runs.1.key_steps=non_uniform_I --dry-run");
  command->callback([options] { run_run(*options); });
}

}  // namespace fdbench
