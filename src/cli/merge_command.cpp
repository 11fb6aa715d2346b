#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "cli/commands.h"
#include "results/result_reader.h"
#include "results/run_table.h"
#include "sweep/merge_shards.h"

namespace fdbench {
namespace {

struct MergeOptions {
  std::filesystem::path output;
  std::vector<std::filesystem::path> inputs;
  bool fresh = false;
};

void run_merge(const MergeOptions& options) {
  merge_shards(options.output, options.inputs, options.fresh);
  std::printf("%s\nresults  %s, of %zu parts\n",
              format_runs(read_summary(options.output), "table").c_str(), options.output.c_str(),
              options.inputs.size());
}

}  // namespace

void add_merge_command(CLI::App& app) {
  const auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      app.add_subcommand("merge", "Join the parts of `fdbench run --shard K/N` into one result");
  command->add_option("OUT", options->output, "Result file (.h5)")->required();
  command->add_option("IN", options->inputs, "The parts, all of them, in any order")->required();
  command->add_flag("--fresh", options->fresh, "Replace a result that is there");
  command->footer(
      "Needs the model folder's configs at the config's path, no weights. Example:\n"
      "  for k in 1 2 3; do fdbench run configs/ablation.yaml --shard $k/3; done\n"
      "  fdbench merge results/ablation.h5 results/ablation.shard-*-of-3.h5");
  command->callback([options] { run_merge(*options); });
}

}  // namespace fdbench
