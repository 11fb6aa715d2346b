#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "core/notes.h"
#include "results/result_reader.h"
#include "results/run_table.h"

namespace fdbench {
namespace {

struct ReportOptions {
  std::filesystem::path file;
  std::string format = "table";
};

void run_report(const ReportOptions& options) {
  const ResultSummary summary = read_summary(options.file);
  const bool has_notes = options.format == "table" || options.format == "md";
  for (const std::string& warning : summary.warnings) {
    if (!has_notes) say_warning(Place{options.file.string()}, warning);
  }
  std::fputs(format_runs(summary, options.format).c_str(), stdout);
}

}  // namespace

void add_report_command(CLI::App& app) {
  const auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand("report", "The runs of a result file as a table");
  command->add_option("FILE", options->file, "Result file of `fdbench run` (.h5)")->required();
  command->add_option("--format", options->format, "table or md: the main fields; csv or json: all")
      ->check(CLI::IsMember(table_formats()))
      ->capture_default_str();
  command->footer("Example: fdbench report results/ablation.h5 --format csv > ablation.csv");
  command->callback([options] { run_report(*options); });
}

}  // namespace fdbench
