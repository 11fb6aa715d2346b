#include "sweep/measured_execution.h"

#include <algorithm>
#include <cstdio>

#include "core/hash.h"
#include "core/interrupt.h"
#include "metrics/statistics.h"
#include "work/sweep_settings.h"

namespace fdbench {
namespace {

constexpr const char* kMaxParallel = "/max_parallel";
constexpr const char* kSeconds = "/seconds";
/// Of a sequential run: its batches are of one step.
constexpr int kOneByOne = 1;

std::vector<ExecutionWay> ways_of(const StageRun& run) {
  return ways_worth_timing(run.schedule, run.spec.max_parallel);
}

std::vector<double> timesteps_of(const StageRun& run, const TimedPart& part) {
  std::vector<double> timesteps;
  for (const int step : part.steps) {
    timesteps.push_back(run.timesteps[static_cast<std::size_t>(step)]);
  }
  return timesteps;
}

/// " (0.81 of sequential's time)"; "" where nothing was measured.
std::string share_text(const WayTimes& times, const ExecutionWay& way) {
  const auto found = std::find(times.ways.begin(), times.ways.end(), way);
  if (times.ways.size() < 2 || found == times.ways.begin()) return "";
  const auto place = static_cast<std::size_t>(found - times.ways.begin());
  char text[64];
  std::snprintf(text, sizeof text, " (%.2f of sequential's time)",
                median(times.seconds[place]) / median(times.seconds[0]));
  return text;
}

}  // namespace

bool has_auto_execution(const Experiment& experiment) {
  return std::any_of(experiment.runs.begin(), experiment.runs.end(),
                     [](const RunSpec& run) { return run.execution == Execution::kAuto; });
}

WorkUnit execution_unit(const PreparedSweep& sweep, const Settings& settings, int run) {
  Settings of_unit = not_of_scope(of_scope(settings, Scope::kTiming), Scope::kRun);
  of_unit["kind"] = "execution";
  of_unit["work"] = work_of(sweep.runs[static_cast<std::size_t>(run)]);
  of_unit["max_parallel"] =
      std::to_string(sweep.runs[static_cast<std::size_t>(run)].spec.max_parallel);
  WorkUnit unit;
  unit.kind = WorkUnit::Kind::kCalibration;
  unit.run = run;
  unit.hash = content_hash(settings_json(of_unit));
  return unit;
}

Arrays measure_execution(const PreparedSweep& sweep, const Task& task, int index,
                         const PromptPair& pair, const std::function<void()>& between) {
  const StageRun& run = sweep.runs[static_cast<std::size_t>(index)].stages[0];
  const Denoiser& denoiser = *task.stages()[0].denoiser;
  const RunLatents latents(sweep, run, task, 0, {0});
  const DenoiseStart start{pair.conditional, pair.unconditional, latents.start, {}};
  const auto time = [&](const Program& program, const TimedPart& part) {
    check_interrupt();
    between();
    return network_seconds(denoiser, program, timesteps_of(run, part), start, latents.options);
  };
  const WayTimes times =
      time_ways(run.schedule, sweep.stages[0].model.layers,
                {.max_parallel = run.spec.max_parallel, .savings = run.spec.savings}, time);
  const auto num_ways = static_cast<std::int64_t>(times.ways.size());
  at::Tensor caps = at::empty({num_ways}, at::kInt);
  at::Tensor seconds = at::empty({num_ways, kWayRounds}, at::kDouble);
  for (std::int64_t way = 0; way < num_ways; ++way) {
    const auto place = static_cast<std::size_t>(way);
    const bool is_sequential = times.ways[place].execution == Execution::kSequential;
    caps[way] = is_sequential ? kOneByOne : times.ways[place].max_parallel;
    seconds[way] = at::tensor(times.seconds[place], at::kDouble);
  }
  return {{kMaxParallel, caps}, {kSeconds, seconds}};
}

WayTimes way_times(const Arrays& measured) {
  const at::Tensor caps = measured.at(kMaxParallel);
  const at::Tensor seconds = measured.at(kSeconds).contiguous();
  WayTimes times;
  for (std::int64_t way = 0; way < caps.numel(); ++way) {
    const int cap = caps[way].item<int>();
    times.ways.push_back(cap == kOneByOne ? ExecutionWay{}
                                          : ExecutionWay{Execution::kParallel, cap});
    const double* begin = seconds.const_data_ptr<double>() + way * seconds.size(1);
    times.seconds.emplace_back(begin, begin + seconds.size(1));
  }
  return times;
}

Experiment with_measured_executions(const PreparedSweep& sweep, const Settings& settings,
                                    const std::function<Arrays(const WorkUnit&)>& measured,
                                    const std::function<void(const std::string&)>& say) {
  Experiment experiment = sweep.experiment;
  for (std::size_t run = 0; run < experiment.runs.size(); ++run) {
    RunSpec& spec = experiment.runs[run];
    if (spec.execution != Execution::kAuto) continue;
    WayTimes times{.ways = ways_of(sweep.runs[run].stages[0]), .seconds = {}};
    const bool is_open = times.ways.size() > 1;
    if (is_open) {
      times = way_times(measured(execution_unit(sweep, settings, static_cast<int>(run))));
    }
    const ExecutionWay way = is_open ? fastest_way(times) : times.ways.front();
    spec.execution = way.execution;
    spec.max_parallel = way.max_parallel;
    spec.auto_execution = true;
    say(spec.name + ": " + way_text(way) + share_text(times, way));
  }
  return experiment;
}

std::string auto_text(const StageRun& run) {
  const std::vector<ExecutionWay> ways = ways_of(run);
  if (ways.size() == 1) return "auto: sequential, as no steps can share a batch";
  std::string text = "auto: the fastest, by measurement, of";
  for (const ExecutionWay& way : ways) text += (&way == ways.data() ? " " : "; ") + way_text(way);
  return text;
}

}  // namespace fdbench
