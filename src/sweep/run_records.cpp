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

/// Steps at which every layer ran. ran: [S, L] uint8.
KeySteps full_rows(const at::Tensor& ran) {
  const at::Tensor full = ran.all(1).to(at::kBool);
  const bool* begin = full.const_data_ptr<bool>();
  return KeySteps(begin, begin + full.numel());
}

}  // namespace

RunRecord planned_record(const PreparedRun& run) {
  RunRecord record;
  const RunSpec& spec = run.spec;
  KeySteps keys = spec.strategy.key_steps;
  if (spec.strategy.name == "full")
    keys.assign(static_cast<std::size_t>(run.plan.num_steps()), true);
  record.name = spec.name;
  record.strategy = spec.strategy.name;
  record.execution = execution_name(spec.execution);
  if (!keys.empty()) {
    record.key_steps = key_steps_text(keys);
    record.num_key_steps = num_key_steps(keys);
  }
  if (spec.strategy.deepcache) {
    const DeepCacheOptions& cache = *spec.strategy.deepcache;
    if (cache.cache_interval > 0) record.cache_interval = cache.cache_interval;
    record.cache_block_id = cache.cache_block_id;
    record.cache_layer_id = cache.cache_layer_id;
  }
  if (spec.strategy.first_block_cache) {
    record.cache_threshold = spec.strategy.first_block_cache->threshold;
    record.cache_warmup = spec.strategy.first_block_cache->warmup;
    record.cache_max_run = spec.strategy.first_block_cache->max_run;
  }
  record.reuse = reuse_name(spec.strategy.reuse);
  record.num_steps = spec.num_steps;
  record.max_parallel = spec.max_parallel;
  record.auto_execution = spec.auto_execution;
  record.sampler = run.sampler_name;
  record.sampler_options = spec.sampler.options.empty() ? "" : spec.sampler.options.dump();
  if (spec.noise_injection.enabled()) {
    record.noise_injection_alpha = spec.noise_injection.alpha;
    record.noise_injection_tau = spec.noise_injection.tau;
    record.noise_injection_placement = injection_placement_name(spec.noise_injection.placement);
  }
  record.layers_total = run.layers_total();
  record.multiply_adds = run.multiply_adds;
  record.skip_hoisting = spec.savings.skip_hoisting;
  record.prefix_sharing = spec.savings.prefix_sharing;
  record.text_caching = spec.savings.text_caching;
  record.tome_ratio = spec.tome.ratio;
  record.tome_options = tome_options_text(spec.tome);
  return record;
}

void count_grid(RunRecord& record, const PreparedSweep& sweep, const PreparedRun& run,
                const at::Tensor& ran, const at::Tensor& calls) {
  if (run.plan.adaptive()) {
    const KeySteps keys = full_rows(ran);
    record.key_steps = key_steps_text(keys);
    record.num_key_steps = num_key_steps(keys);
    const std::vector<std::int64_t> costs =
        program_cost(run.program, sweep.layers, run.layer_costs, sweep.guided(), keys);
    record.multiply_adds = std::accumulate(costs.begin(), costs.end(), std::int64_t{0});
  }
  const at::Tensor counts = ran.to(at::kLong);
  record.layers_run = counts.sum().item<std::int64_t>();
  record.reused = record.layers_run < record.layers_total;
  record.unet_calls = calls[0].item<std::int64_t>();
  record.step_calls = calls[1].item<std::int64_t>();
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
  const bool is_decided_in_run = sweep.runs[run].plan.adaptive().has_value();
  if (is_decided_in_run || !timing.contains(timing_arrays::kLayers)) return kNotMeasured;
  double seconds = 0;
  for (std::size_t layer = 0; layer < sweep.layers.size(); ++layer) {
    const double share = static_cast<double>(sweep.runs[run].layer_multiply_adds[layer]) /
                         static_cast<double>(sweep.layer_costs[layer].all);
    seconds += share * median(row_of(timing, timing_arrays::kLayers, static_cast<int>(layer)));
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
                    "of one call for one picture, guidance included"}};
  for (std::size_t i = 0; i < sweep.layers.size(); ++i) {
    const LayerInfo& layer = sweep.layers[i];
    table.rows.push_back(
        {layer.name, layer.block, layer.part, sweep.layer_parameters[i], sweep.layer_costs[i].all});
  }
  return table;
}

RecordTable block_table(const PreparedSweep& sweep) {
  RecordTable table;
  table.columns = {{"name", ColumnType::kText, "", "block or layer"},
                   {"block", ColumnType::kText, "", "block it belongs to"},
                   {"role", ColumnType::kText, "", "encoder, bottleneck or decoder"},
                   {"layer", ColumnType::kInt, "", "row of /layers whose output is watched"}};
  for (const WatchedLayer& watched : sweep.watched) {
    const LayerInfo& layer = sweep.layers[watched.layer];
    table.rows.push_back({watched.name, layer.block, layer.part, std::int64_t{watched.layer}});
  }
  return table;
}

}  // namespace fdbench
