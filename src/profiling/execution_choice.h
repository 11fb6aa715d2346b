// `execution: auto`: which execution of a plan is the fastest here, by measurement. On CPUs a batch
// of several steps is often slower than the steps one by one.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "execution/executor.h"
#include "plan/program.h"
#include "plan/schedule.h"

namespace fdbench {

/// One way to run a plan.
struct ExecutionWay {
  Execution execution = Execution::kSequential;
  /// `ProgramOptions::max_parallel`.
  int max_parallel = 0;

  bool operator==(const ExecutionWay&) const = default;
};

/// "sequential", "parallel", "parallel, at most 4 steps a batch".
std::string way_text(const ExecutionWay& way);

/// What is worth a measurement: sequential first, then parallel with at most 2 and with at most 4
/// steps in a batch, then with as many as the plan and `max_parallel` allow (0: no cap). Those that
/// give the same batches are there once. Sequential alone where no two steps share a batch, and
/// where a rule decides during the run.
std::vector<ExecutionWay> ways_worth_timing(const Schedule& schedule, int max_parallel);

/// The part of a plan that is timed in place of the whole.
struct TimedPart {
  Plan plan;
  /// By row of the part: the step of the whole run that it is, for its timestep.
  std::vector<int> steps;
};

/// The longest group of steps that can share a batch, behind rows that compute everything where the
/// group reads from such: what is fastest there is fastest where it counts.
TimedPart timed_part(const Schedule& schedule);

/// Seconds in the network by way and round.
struct WayTimes {
  std::vector<ExecutionWay> ways;
  std::vector<std::vector<double>> seconds;
};

inline constexpr int kWayRounds = 3;

/// Seconds in the network for a program of `TimedPart::plan`.
using TimeProgram = std::function<double(const Program& program, const TimedPart& part)>;

/// Times the ways interleaved, in kWayRounds rounds after one that warms up. Where one way alone is
/// worth it nothing is run, and there are no seconds. options: savings, and the cap of the user.
WayTimes time_ways(const Schedule& schedule, std::span<const LayerInfo> layers,
                   const ProgramOptions& options, const TimeProgram& time);

/// The fastest: of the ways that beat the first one (sequential) in every round, and by more than
/// noise (2% in the median), the one of the smallest median; the first one where there is none.
ExecutionWay fastest_way(const WayTimes& times);

/// Seconds in the network for a program whose latents stay what they are: no sampler, no injected
/// noise. timesteps: of each step of the program.
double network_seconds(const Denoiser& denoiser, const Program& program,
                       std::vector<double> timesteps, const DenoiseStart& start,
                       ExecutorOptions options);

}  // namespace fdbench
