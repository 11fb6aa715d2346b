#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "sweep/sweep_runner.h"

namespace fdbench {
namespace {

struct RunOptions {
  std::filesystem::path config;
  std::vector<std::string> assignments;
  std::string shard;  // "": all
  SweepOptions sweep;
};

void run_run(RunOptions options) {
  const Experiment experiment = load_experiment(options.config, options.assignments);
  if (!options.shard.empty()) options.sweep.shard = parse_shard(options.shard);
  if (options.sweep.output.empty()) {
    options.sweep.output = "results/" + experiment.name + ".h5";
    const Shard& shard = options.sweep.shard;
    if (!shard.whole()) options.sweep.output = shard_path(options.sweep.output, shard);
  }
  run_sweep(experiment, options.sweep);
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
      ->take_all();
  command->add_option("--shard", options->shard,
                      "Compute part K of N only, into a file for `fdbench merge`: K/N");
  command->add_flag("--fresh", options->sweep.fresh, "Begin anew, whatever is there");
  command->add_flag("--dry-run", options->sweep.dry_run, "Print what would be done, write nothing");
  command->add_flag("--quiet", options->sweep.quiet, "Print nothing but faults");
  command->footer(
      "The same command goes on where it was stopped. Examples:\n"
      "  fdbench run configs/ablation.yaml\n"
      "  fdbench run configs/ablation.yaml --set model=path/to/stable-diffusion --set "
      "guidance_scale=7.5 --out results/sd15.h5\n"
      "  fdbench run configs/quick.yaml --set runs.1.key_steps=non_uniform_I --dry-run");
  command->callback([options] { run_run(*options); });
}

}  // namespace fdbench
