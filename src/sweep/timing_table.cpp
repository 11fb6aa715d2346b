#include "sweep/timing_table.h"

#include <map>
#include <string>

#include "results/datasets.h"
#include "results/unit_arrays.h"
#include "sweep/run_records.h"
#include "sweep/timing_round.h"

namespace fdbench {
namespace {

/// tokens: [N] int64 -> [N] int32.
at::Tensor numbered(const at::Tensor& tokens) {
  std::map<std::int64_t, int> numbers;
  at::Tensor result = at::empty({tokens.numel()}, at::kInt);
  const auto from = tokens.accessor<std::int64_t, 1>();
  auto to = result.accessor<int, 1>();
  for (std::int64_t i = 0; i < tokens.numel(); ++i) {
    to[i] = numbers.emplace(from[i], static_cast<int>(numbers.size())).first->second;
  }
  return result;
}

}  // namespace

Arrays join_rounds(const std::vector<Arrays>& rounds) {
  std::map<std::string, std::vector<at::Tensor>> columns;
  for (const Arrays& round : rounds) {
    for (const auto& [name, values] : round) columns[name].push_back(values);
  }
  Arrays timing;
  for (const auto& [name, values] : columns) {
    if (values.size() != rounds.size()) continue;
    const bool one_a_round = dataset_info("/timing" + name).axes == std::string("N");
    timing[name] = one_a_round ? at::cat(values) : at::stack(values, -1);
  }
  const auto process = timing.find(timing_arrays::kProcess);
  if (process != timing.end()) process->second = numbered(process->second);
  return timing;
}

bool are_enough(const PreparedSweep& sweep, const Arrays& timing) {
  const TimingSettings& wanted = sweep.experiment.timing;
  if (timing.empty()) return false;
  const std::int64_t rounds = timing.at(timing_arrays::kSeconds[0]).size(1);
  if (rounds < wanted.fewest_rounds) return false;
  for (int run = 0; run < static_cast<int>(sweep.runs.size()); ++run) {
    const int baseline = sweep.experiment.baseline_of(run);
    if (baseline < 0 || baseline == run) continue;
    RunRecord record;
    summarise_timing(record, timing, run, baseline);
    const double half = (record.unet_speedup_high - record.unet_speedup_low) / 2;
    if (!(half <= wanted.until * record.unet_speedup)) return false;
  }
  return true;
}

std::vector<int> processes_of(const Arrays& timing) {
  const auto found = timing.find(timing_arrays::kProcess);
  if (found == timing.end()) return {};
  const at::Tensor numbers = found->second.to(at::kInt).contiguous();
  const int* begin = numbers.const_data_ptr<int>();
  return {begin, begin + numbers.numel()};
}

}  // namespace fdbench
