#include "sweep/plan_text.h"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "config/tome_config.h"
#include "core/device.h"
#include "plan/held_outputs.h"
#include "plan/plan_grid.h"
#include "sweep/measured_execution.h"

namespace fdbench {
namespace {

constexpr int kStepsPerLine = 60;
constexpr std::size_t kNameWidth = 16;

/// "50        40        30": the paper's downward count above every tenth step.
std::string ruler(int num_steps, int begin, int end) {
  std::string line(static_cast<std::size_t>(end - begin + 8), ' ');
  for (int step = begin; step < end; step += 10) {
    const std::string label = std::to_string(num_steps - step);
    line.replace(static_cast<std::size_t>(step - begin), label.size(), label);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text + " ";
}

/// Each line of a text as a comment, which a reader of grids passes over.
std::string commented(const std::string& text) {
  std::istringstream lines(text);
  std::string made;
  for (std::string line; std::getline(lines, line);) made += "# " + line + "\n";
  return made;
}

/// Layer runs of the row's layers, of all.
std::string counts_of(const StageRun& run, const GridRow& row) {
  const auto runs = std::count(row.cells.begin(), row.cells.end(), '#') * (row.end - row.first);
  return "  " + std::to_string(runs) + "/" +
         std::to_string((row.end - row.first) * run.plan.num_steps());
}

std::string summary(const PreparedStage& stage, const StageRun& run) {
  std::int64_t full = 0;
  for (const LayerCost& cost : stage.layer_costs) full += cost.all * run.plan.num_steps();
  char line[200];
  std::snprintf(line, sizeof line,
                "%d steps, %d call the network; %lld of %lld layer runs, %.1f%% of the full run's "
                "multiply-adds\n",
                run.spec.num_steps, run.program.num_step_calls(),
                static_cast<long long>(run.program.num_layer_runs()),
                static_cast<long long>(run.layers_total()),
                100.0 * static_cast<double>(run.multiply_adds) / static_cast<double>(full));
  std::string text = line;
  if (run.spec.execution == Execution::kAuto) text += "execution " + auto_text(run) + "\n";
  if (run.plan.reuse() != Reuse::kHold) {
    text += "reused outputs: forecasts, " + reuse_name(run.plan.reuse()) + "\n";
  }
  if (run.plan.adaptive()) {
    text += "decided during the run (" + strategy_label(run.spec.strategy, "") +
            "): the grid shows the most that can happen\n";
  }
  if (!run.spec.noise_injection.enabled()) return text;
  return text + ("noise injection: " + describe(run.spec.noise_injection)) + "\n";
}

/// True when some layer of some step that was not left out does not run.
bool reuses(const Program& program) {
  const std::int64_t num_steps = std::count(program.dropped.begin(), program.dropped.end(), false);
  return program.num_layer_runs() < num_steps * program.num_layers;
}

/// Most bytes of outputs from one call to the next, at one picture.
std::int64_t held_bytes(const PreparedSweep& sweep, const PreparedStage& stage,
                        const StageRun& run) {
  const auto element_bytes =
      static_cast<std::int64_t>(at::elementSize(parse_dtype(sweep.experiment.dtype)));
  return peak_held_bytes(run.program, stage.model.layers, run.layer_costs, element_bytes,
                         stage.guided());
}

/// "tokens merged: ratio 0.5 {...}"; "" where none are.
std::string merging_line(const TokenMerging& merging) {
  if (!merging.on()) return "";
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%g", merging.ratio);
  return std::string("tokens merged: ratio ") + ratio + " " + tome_options_text(merging) + "\n";
}

}  // namespace

std::string plan_grid(const PreparedSweep& sweep, const PreparedRun& whole, std::size_t number) {
  const PreparedStage& stage = sweep.stages[number];
  const StageRun& run = whole.stages[number];
  const std::string of_stage = stage.name.empty() ? "" : ", stage " + stage.name;
  std::string text = commented(whole.spec.name + of_stage + ": " + summary(stage, run) +
                               merging_line(run.spec.tome));
  const std::vector<GridRow> rows = grid_rows(run.plan, run.program, stage.model.layers);
  std::size_t width = kNameWidth;
  for (const GridRow& row : rows) width = std::max(width, row.name.size());
  const int num_steps = run.plan.num_steps();
  for (int begin = 0; begin < num_steps; begin += kStepsPerLine) {
    const int end = std::min(begin + kStepsPerLine, num_steps);
    text += padded("#", width) + ruler(num_steps, begin, end) + "\n";
    for (const GridRow& row : rows) {
      text += padded(row.name, width) + row.cells.substr(begin, end - begin) +
              (end == num_steps ? counts_of(run, row) : "") + "\n";
    }
  }
  const bool runs_all = run.program.num_layer_runs() == run.layers_total();
  if (runs_all && !is_plain_strategy(run.spec.strategy.name) && !run.plan.adaptive()) {
    text += run.spec.tome.on()
                ? "# note: every layer runs at every step; only the merged tokens save work\n"
                : "# note: every layer runs at every step; this run does all the work of a full "
                  "run\n";
  }
  return text;
}

nlohmann::ordered_json plan_json(const PreparedSweep& sweep, const PreparedRun& whole,
                                 std::size_t number) {
  const PreparedStage& stage = sweep.stages[number];
  const StageRun& run = whole.stages[number];
  nlohmann::ordered_json json = {{"name", whole.spec.name},
                                 {"strategy", run.spec.strategy.name},
                                 {"execution", execution_name(run.spec.execution)},
                                 {"num_steps", run.spec.num_steps},
                                 {"timesteps", run.timesteps},
                                 {"multiply_adds", run.multiply_adds},
                                 {"reuse", reuse_name(run.plan.reuse())},
                                 {"tome_ratio", run.spec.tome.ratio},
                                 {"tome_options", tome_options_text(run.spec.tome)},
                                 {"noise_injection", describe(run.spec.noise_injection)},
                                 {"decided_during_run", run.plan.adaptive().has_value()},
                                 {"held_outputs_bytes", held_bytes(sweep, stage, run)},
                                 {"reuses", reuses(run.program)}};
  if (!stage.name.empty()) json["stage"] = stage.name;
  if (run.spec.execution == Execution::kAuto) json["execution_of"] = auto_text(run);
  const std::vector<bool> runs = run.program.runs();
  const std::vector<LayerInfo>& layers = stage.model.layers;
  for (const LayerInfo& layer : layers) json["layers"].push_back(layer.name);
  for (int step = 0; step < run.plan.num_steps(); ++step) {
    std::vector<int> cells, ran;
    const std::size_t ran_before = static_cast<std::size_t>(step) * layers.size();
    for (int layer = 0; layer < run.plan.num_layers(); ++layer) {
      cells.push_back(static_cast<int>(run.plan.at(step, layer)));
      ran.push_back(runs[ran_before + static_cast<std::size_t>(layer)] ? 1 : 0);
    }
    json["cells"].push_back(cells);
    json["ran"].push_back(ran);
  }
  return json;
}

}  // namespace fdbench
