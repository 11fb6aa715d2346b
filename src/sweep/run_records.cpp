#include "sweep/run_records.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "config/tome_config.h"
#include "metrics/statistics.h"
#include "plan/program_cost.h"
#include "results/unit_arrays.h"
#include "sweep/timing_round.h"
#include "sweep/timing_table.h"
#include "work/strategy_text.h"

namespace fdbench {
namespace {

std::vector<double> row_of(const Arrays& timing, const std::string& name, int run) {
  const at::Tensor row = timing.at(name)[run].to(at::kDouble).contiguous();
  const double* begin = row.const_data_ptr<double>();
  return {begin, begin + row.numel()};
}

std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> result;
  for (std::size_t i = 0; i < above.size(); ++i) result.push_back(above[i] / below[i]);
  return result;
}

/// "encoder"; where stages differ "full + deepcache".
std::string strategies_of(const PreparedRun& run) {
  std::string text = run.stages[0].spec.strategy.name;
  const bool all_same = std::all_of(run.stages.begin(), run.stages.end(), [&](const auto& stage) {
    return stage.spec.strategy.name == text;
  });
  for (std::size_t i = 1; i < run.stages.size() && !all_same; ++i) {
    text += " + " + run.stages[i].spec.strategy.name;
  }
  return text;
}

/// The rows and columns of one stage. ran: [S, L] of all stages -> of the stage.
at::Tensor grid_of_stage(const PreparedSweep& sweep, const StageRun& run, std::size_t stage,
                         const at::Tensor& ran) {
  return ran.slice(0, 0, run.plan.num_steps())
      .narrow(1, sweep.first_layer(stage), run.plan.num_layers());
}

/// Steps at which every layer ran. ran: [S, L] uint8.
KeySteps full_rows(const at::Tensor& ran) {
  const at::Tensor full = ran.all(1).to(at::kBool);
  const bool* begin = full.const_data_ptr<bool>();
  return KeySteps(begin, begin + full.numel());
}

}  // namespace

RunRecord planned_record(const PreparedRun& run) {
  RunRecord record;
  const RunSpec& spec = run.stages[0].spec;
  KeySteps keys = spec.strategy.key_steps;
  if (is_plain_strategy(spec.strategy.name))
    keys.assign(static_cast<std::size_t>(run.stages[0].plan.num_steps()), true);
  record.name = run.spec.name;
  record.strategy = strategies_of(run);
  record.execution = execution_name(spec.execution);
  if (!keys.empty()) {
    record.key_steps = key_steps_text(keys);
    record.num_key_steps = num_key_steps(keys);
  }
  record_options(record, spec.strategy);
  record.reuse = reuse_name(spec.strategy.reuse);
  record.num_steps = spec.num_steps;
  record.max_parallel = spec.max_parallel;
  record.auto_execution = run.spec.auto_execution;
  record.variant = variant_name(run.spec.variant);
  record.sampler = run.stages[0].sampler_name;
  record.sampler_options = spec.sampler.options.empty() ? "" : spec.sampler.options.dump();
  if (spec.noise_injection.enabled()) {
    record.noise_injection_alpha = spec.noise_injection.alpha;
    record.noise_injection_tau = spec.noise_injection.tau;
    record.noise_injection_placement = injection_placement_name(*spec.noise_injection.placement);
  }
  record.layers_total = run.layers_total();
  record.multiply_adds = run.multiply_adds();
  record.skip_hoisting = spec.savings.skip_hoisting;
  record.prefix_sharing = spec.savings.prefix_sharing;
  record.text_caching = spec.savings.text_caching;
  record.tome_ratio = spec.tome.ratio;
  record.tome_options = tome_options_text(spec.tome);
  return record;
}

std::vector<std::int64_t> counted_multiply_adds(const PreparedSweep& sweep, const PreparedRun& run,
                                                const at::Tensor& ran) {
  std::vector<std::int64_t> counted;
  for (std::size_t s = 0; s < run.stages.size(); ++s) {
    const StageRun& of_stage = run.stages[s];
    if (!of_stage.plan.adaptive()) {
      counted.push_back(of_stage.multiply_adds);
      continue;
    }
    const KeySteps keys = full_rows(grid_of_stage(sweep, of_stage, s, ran));
    const PreparedStage& stage = sweep.stages[s];
    const std::vector<std::int64_t> costs = program_cost(
        of_stage.program, stage.model.layers, of_stage.layer_costs, stage.guided(), keys);
    counted.push_back(std::accumulate(costs.begin(), costs.end(), std::int64_t{0}));
  }
  return counted;
}

void count_grid(RunRecord& record, const PreparedSweep& sweep, const PreparedRun& run,
                const at::Tensor& ran, const at::Tensor& calls) {
  if (run.stages[0].plan.adaptive()) {
    const KeySteps keys = full_rows(grid_of_stage(sweep, run.stages[0], 0, ran));
    record.key_steps = key_steps_text(keys);
    record.num_key_steps = num_key_steps(keys);
  }
  const std::vector<std::int64_t> of_network = counted_multiply_adds(sweep, run, ran);
  record.multiply_adds = std::accumulate(of_network.begin(), of_network.end(), std::int64_t{0});
  const at::Tensor counts = ran.to(at::kLong);
  record.layers_run = counts.sum().item<std::int64_t>();
  record.reused = record.layers_run < record.layers_total;
  // Units of earlier versions have one row without an axis of stages.
  const at::Tensor of_stages = calls.view({-1, 2}).sum(0);
  record.unet_calls = of_stages[0].item<std::int64_t>();
  record.step_calls = of_stages[1].item<std::int64_t>();
}

void summarise_timing(RunRecord& record, const Arrays& timing, int run, int baseline) {
  const std::vector<double> unet = row_of(timing, "/unet_s", run);
  const std::vector<double> total = row_of(timing, "/total_s", run);
  record.num_rounds = static_cast<std::int64_t>(unet.size());
  record.unet_s = median(unet);
  record.total_s = median(total);
  record.text_encoder_s = median(row_of(timing, "/text_encoder_s", run));
  record.vae_s = median(row_of(timing, "/vae_s", run));
  if (timing.contains(timing_arrays::kPeakMemory)) {
    record.peak_memory = std::llround(median(row_of(timing, timing_arrays::kPeakMemory, run)));
    record.held_memory = std::llround(median(row_of(timing, timing_arrays::kHeldMemory, run)));
  }
  if (baseline < 0) return;
  const std::vector<double> unet_ratios = ratios(row_of(timing, "/unet_s", baseline), unet);
  const std::vector<double> total_ratios = ratios(row_of(timing, "/total_s", baseline), total);
  const std::vector<int> processes = processes_of(timing);
  const Interval of_unet = median_interval(unet_ratios, processes);
  const Interval of_total = median_interval(total_ratios, processes);
  record.unet_speedup = median(unet_ratios);
  record.unet_speedup_low = of_unet.low;
  record.unet_speedup_high = of_unet.high;
  record.total_speedup = median(total_ratios);
  record.total_speedup_low = of_total.low;
  record.total_speedup_high = of_total.high;
}

double predicted_time(const PreparedSweep& sweep, int run, const Arrays& timing) {
  const PreparedRun& prepared = sweep.runs[static_cast<std::size_t>(run)];
  if (prepared.adaptive() || !timing.contains(timing_arrays::kLayers)) return kNotMeasured;
  double seconds = 0;
  int row = 0;
  for (std::size_t stage = 0; stage < sweep.stages.size(); ++stage) {
    const std::vector<LayerCost>& costs = sweep.stages[stage].layer_costs;
    for (std::size_t layer = 0; layer < costs.size(); ++layer, ++row) {
      const double share = static_cast<double>(prepared.stages[stage].layer_multiply_adds[layer]) /
                           static_cast<double>(costs[layer].all);
      seconds += share * median(row_of(timing, timing_arrays::kLayers, row));
    }
  }
  return seconds;
}

at::Tensor std_over_steps(const at::Tensor& values) {
  const at::Tensor mean = values.nanmean(1, /*keepdim=*/true);
  return (values - mean).square().nanmean(1).sqrt();
}

at::Tensor cells_of(const Plan& plan) {
  at::Tensor cells = at::empty({plan.num_steps(), plan.num_layers()}, at::kByte);
  std::uint8_t* out = cells.mutable_data_ptr<std::uint8_t>();
  for (const Cell cell : plan.cells()) *out++ = static_cast<std::uint8_t>(cell);
  return cells;
}

RecordTable stage_table(const PreparedSweep& sweep) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", "stage; empty where a model has one alone"},
                   {"model", ColumnType::kText, "", "class of the denoiser"},
                   {"first_layer", ColumnType::kInt, "", "row of /layers"},
                   {"num_layers", ColumnType::kInt, "", "rows of /layers from there"},
                   {"num_parameters", ColumnType::kInt, "", "parameters"},
                   {"guidance_scale", ColumnType::kReal, "", "guidance scale"}};
  for (std::size_t i = 0; i < sweep.stages.size(); ++i) {
    const PreparedStage& stage = sweep.stages[i];
    table.rows.push_back({stage.name, stage.model.class_name, sweep.first_layer(i),
                          static_cast<std::int64_t>(stage.model.layers.size()),
                          stage.model.num_parameters(), stage.guidance_scale});
  }
  return table;
}

std::map<char, std::vector<std::string>> axis_names(const PreparedSweep& sweep) {
  std::map<char, std::vector<std::string>> names = {{'R', {}}, {'G', {}}, {'L', {}}};
  for (const PreparedRun& run : sweep.runs) names['R'].push_back(run.spec.name);
  for (std::size_t s = 0; s < sweep.stages.size(); ++s) {
    if (sweep.stages.size() > 1) names['G'].push_back(sweep.stages[s].name);
    for (const LayerInfo& layer : sweep.stages[s].model.layers) {
      names['L'].push_back(sweep.name_in_stage(s, layer.name));
    }
  }
  for (const WatchedLayer& watched : sweep.watched) names['B'].push_back(watched.name);
  return names;
}

RecordTable prompt_table(const PreparedSweep& sweep) {
  RecordTable table;
  table.columns = {{"index", ColumnType::kInt, "", "place in the prompt list"},
                   {"seed", ColumnType::kInt, "", "seed of the starting noise"},
                   {"caption", ColumnType::kText, "", "what is pictured"}};
  const std::vector<std::string>& negative = sweep.experiment.prompt_options.negative_prompts;
  if (!negative.empty()) {
    table.columns.push_back(
        {"negative_prompt", ColumnType::kText, "", "what guidance points away from"});
  }
  for (const std::string& caption : sweep.experiment.captions) {
    const auto index = static_cast<std::int64_t>(table.rows.size());
    const auto seed = static_cast<std::int64_t>(sweep.experiment.seed) + index;
    auto& row = table.rows.emplace_back();
    row = {index, seed, caption};
    if (!negative.empty()) row.push_back(negative[static_cast<std::size_t>(index)]);
  }
  return table;
}

RecordTable layer_table(const PreparedSweep& sweep) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", "diffusers' module name"},
                   {"block", ColumnType::kText, "", "block it belongs to"},
                   {"role", ColumnType::kText, "", "encoder, bottleneck or decoder"},
                   {"num_parameters", ColumnType::kInt, "", "parameters"},
                   {"multiply_adds", ColumnType::kInt, "multiply-adds",
                    "of one call for one picture, guidance included"},
                   {"stage", ColumnType::kInt, "", "row of /stages"}};
  for (std::size_t s = 0; s < sweep.stages.size(); ++s) {
    const PreparedStage& stage = sweep.stages[s];
    for (std::size_t i = 0; i < stage.model.layers.size(); ++i) {
      const LayerInfo& layer = stage.model.layers[i];
      table.rows.push_back({sweep.name_in_stage(s, layer.name), sweep.name_in_stage(s, layer.block),
                            layer.part, stage.model.layer_parameters[i], stage.layer_costs[i].all,
                            static_cast<std::int64_t>(s)});
    }
  }
  return table;
}

RecordTable block_table(const PreparedSweep& sweep) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", "block or layer"},
                   {"block", ColumnType::kText, "", "block it belongs to"},
                   {"role", ColumnType::kText, "", "encoder, bottleneck or decoder"},
                   {"layer", ColumnType::kInt, "", "row of /layers whose output is watched"},
                   {"stage", ColumnType::kInt, "", "row of /stages"}};
  for (const WatchedLayer& watched : sweep.watched) {
    const LayerInfo& layer = sweep.stages[watched.stage].model.layers[watched.layer];
    table.rows.push_back({watched.name, sweep.name_in_stage(watched.stage, layer.block), layer.part,
                          sweep.first_layer(watched.stage) + watched.layer,
                          static_cast<std::int64_t>(watched.stage)});
  }
  return table;
}

}  // namespace fdbench
