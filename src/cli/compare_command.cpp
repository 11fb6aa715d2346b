#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "gate/compare_results.h"

namespace fdbench {
namespace {

struct CompareOptions {
  std::filesystem::path first, second;
  std::string format = "table";
};

void run_compare(const CompareOptions& options) {
  const Comparison comparison =
      compare_results(read_measures(options.first), read_measures(options.second));
  std::fputs(
      format_comparison(comparison, options.first.string(), options.second.string(), options.format)
          .c_str(),
      stdout);
}

}  // namespace

void add_compare_command(CLI::App& app) {
  const auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "Two result files run by run: times, speedups and quality with intervals");
  command->add_option("A", options->first, "Result file (.h5)")->required();
  command->add_option("B", options->second, "Result file that is held against it (.h5)")
      ->required();
  command->add_option("--format", options->format, "table, md, csv or json")
      ->check(CLI::IsMember(comparison_formats()))
      ->capture_default_str();
  command->footer(
      "Runs are matched by what they are (model, sampler, strategy, shapes, dtype), whatever their "
      "names.\nExample: fdbench compare before.h5 after.h5 --format md");
  command->callback([options] { run_compare(*options); });
}

}  // namespace fdbench
