#include "profiling/execution_choice.h"

#include <algorithm>
#include <utility>

#include "metrics/statistics.h"

namespace fdbench {
namespace {

constexpr int kCaps[] = {2, 4};
/// Of the median, below which a gain is taken for noise.
constexpr double kLeastGain = 0.02;

/// Steps that call the network in the longest group of steps that can share a batch; the first one
/// of equally long groups.
std::vector<int> longest_group(const Schedule& schedule) {
  std::vector<int> longest, group;
  for (int step = 0; step < schedule.num_steps(); ++step) {
    if (!schedule.independent(step)) group.clear();
    if (schedule.calls(step)) group.push_back(step);
    if (group.size() > longest.size()) longest = group;
  }
  return longest;
}

/// Rows that the first row of a group may read from.
int num_rows_before(const Schedule& schedule, int first) {
  const Reuse reuse = schedule.plan().reuse();
  bool runs_all = true;
  for (int layer = 0; layer < schedule.num_layers(); ++layer) {
    runs_all = runs_all && schedule.runs(first, layer);
  }
  return runs_all && reuse == Reuse::kHold ? 0 : num_sources(reuse);
}

/// Gives the latents back as they are.
class StillSampler final : public Sampler {
 public:
  explicit StillSampler(std::vector<double> timesteps) : timesteps_(std::move(timesteps)) {}

  std::string name() const override { return "still"; }
  const std::vector<double>& timesteps() const override { return timesteps_; }
  at::Tensor original_sample(const at::Tensor& model_output, int step,
                             const at::Tensor& sample) const override {
    return sample;
  }
  at::Tensor step(const at::Tensor& model_output, int step, const at::Tensor& sample,
                  const NoiseSource& noise) override {
    return sample;
  }

 private:
  std::vector<double> timesteps_;
};

bool beats(const std::vector<double>& seconds, const std::vector<double>& first) {
  for (std::size_t round = 0; round < seconds.size(); ++round) {
    if (seconds[round] >= first[round]) return false;
  }
  return median(seconds) < (1 - kLeastGain) * median(first);
}

}  // namespace

std::string way_text(const ExecutionWay& way) {
  const std::string name = execution_name(way.execution);
  if (way.execution != Execution::kParallel || way.max_parallel == 0) return name;
  return name + ", at most " + std::to_string(way.max_parallel) + " steps a batch";
}

std::vector<ExecutionWay> ways_worth_timing(const Schedule& schedule, int max_parallel) {
  std::vector<ExecutionWay> ways = {{Execution::kSequential, 0}};
  if (schedule.plan().adaptive()) return ways;
  const auto longest = static_cast<int>(longest_group(schedule).size());
  const int most = max_parallel > 0 ? std::min(max_parallel, longest) : longest;
  if (most < 2) return ways;
  for (const int cap : kCaps) {
    if (cap < most) ways.push_back({Execution::kParallel, cap});
  }
  ways.push_back({Execution::kParallel, max_parallel});
  return ways;
}

TimedPart timed_part(const Schedule& schedule) {
  const Plan& whole = schedule.plan();
  const std::vector<int> group = longest_group(schedule);
  const int num_full = num_rows_before(schedule, group.front());
  std::vector<int> steps(static_cast<std::size_t>(num_full), group.front());
  steps.insert(steps.end(), group.begin(), group.end());
  Plan part(static_cast<int>(steps.size()), whole.num_layers());
  part.set_reuse(whole.reuse());
  for (int row = num_full; row < part.num_steps(); ++row) {
    for (int layer = 0; layer < part.num_layers(); ++layer) {
      part.set(row, layer, whole.at(steps[static_cast<std::size_t>(row)], layer));
    }
  }
  return {std::move(part), std::move(steps)};
}

WayTimes time_ways(const Schedule& schedule, std::span<const LayerInfo> layers,
                   const ProgramOptions& options, const TimeProgram& time) {
  WayTimes times{.ways = ways_worth_timing(schedule, options.max_parallel), .seconds = {}};
  times.seconds.resize(times.ways.size());
  if (times.ways.size() == 1) return times;
  const TimedPart part = timed_part(schedule);
  std::vector<Program> programs;
  for (const ExecutionWay& way : times.ways) {
    ProgramOptions of_way = options;
    of_way.execution = way.execution;
    of_way.max_parallel = way.max_parallel;
    programs.push_back(compile(part.plan, layers, of_way));
  }
  for (int round = 0; round <= kWayRounds; ++round) {
    for (std::size_t way = 0; way < programs.size(); ++way) {
      const double seconds = time(programs[way], part);
      if (round > 0) times.seconds[way].push_back(seconds);
    }
  }
  return times;
}

ExecutionWay fastest_way(const WayTimes& times) {
  std::size_t best = 0;
  for (std::size_t way = 1; way < times.ways.size(); ++way) {
    if (!beats(times.seconds[way], times.seconds[0])) continue;
    if (median(times.seconds[way]) < median(times.seconds[best])) best = way;
  }
  return times.ways[best];
}

double network_seconds(const Denoiser& denoiser, const Program& program,
                       std::vector<double> timesteps, const DenoiseStart& start,
                       ExecutorOptions options) {
  StillSampler sampler(std::move(timesteps));
  options.noise_injection = {};
  return denoise(denoiser, sampler, program, start, options).unet_seconds;
}

}  // namespace fdbench
