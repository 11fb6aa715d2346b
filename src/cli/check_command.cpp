#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "core/error.h"
#include "gate/gate_baseline_file.h"
#include "gate/gate_report.h"

namespace fdbench {
namespace {

struct CheckOptions {
  std::filesystem::path result, baseline;
  std::string format = "table";
  bool update = false;
};

/// Gates that somebody has tuned in an older baseline stay.
void update(const CheckOptions& options, const ResultMeasures& measures) {
  Gates gates;
  if (std::filesystem::exists(options.baseline)) gates = read_baseline(options.baseline).gates;
  write_baseline(options.baseline, gate_baseline(measures, gates));
  std::printf("baseline  %s: %zu runs of %s\n", options.baseline.c_str(), measures.runs.size(),
              options.result.c_str());
}

void run_check(const CheckOptions& options) {
  if (!options.update && !std::filesystem::exists(options.baseline)) {
    throw usage_error(Place{options.baseline.string()},
                      "there is no such baseline; --update writes it");
  }
  const ResultMeasures measures = read_measures(options.result);
  if (options.update) return update(options, measures);
  const GateResult gate = check_gate(measures, read_baseline(options.baseline));
  const GateCaption caption{options.result.string(), options.baseline.string()};
  std::fputs(format_gate(gate, caption, options.format).c_str(), stdout);
  if (gate.exit_code() != 0) throw CLI::RuntimeError(gate.exit_code());
}

}  // namespace

void add_check_command(CLI::App& app) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = app.add_subcommand(
      "check", "Hold a result against a committed baseline of speedups, quality and features");
  command->add_option("RESULT", options->result, "Result file of `fdbench run` (.h5)")->required();
  command->add_option("--baseline", options->baseline, "Baseline file (.json)")->required();
  command->add_option("--format", options->format, "table, json, junit (XML) or github")
      ->check(CLI::IsMember(gate_formats()))
      ->capture_default_str();
  command->add_flag("--update", options->update,
                    "Write the baseline from the result; tolerances of an old one stay");
  command->footer(
      "Exit codes: 0 fine or improved, 1 regressed, 4 too noisy to tell, 2 wrong use, a baseline "
      "that is not in order, a result of other settings or nothing to compare, 3 runtime failure. "
      "Example:\n"
      "  fdbench run configs/ci.yaml --fresh --out ci.h5\n"
      "  fdbench check ci.h5 --baseline results/baselines/ci.json");
  command->callback([options] { run_check(*options); });
}

}  // namespace fdbench
