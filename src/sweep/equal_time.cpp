#include "sweep/equal_time.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/hash.h"
#include "core/interrupt.h"
#include "metrics/statistics.h"
#include "sweep/picture_unit.h"
#include "sweep/timing_round.h"
#include "work/sweep_settings.h"

namespace fdbench {
namespace {

constexpr int kEqualTimeRounds = 3;
constexpr const char* kSteps = "/steps";

}  // namespace

std::vector<int> equal_time_methods(const Experiment& experiment) {
  const EqualTime& wanted = experiment.equal_time;
  std::vector<int> methods;
  for (int run = 0; run < static_cast<int>(experiment.runs.size()); ++run) {
    const std::string& name = experiment.runs[run].name;
    const bool named = std::find(wanted.runs.begin(), wanted.runs.end(), name) != wanted.runs.end();
    const int baseline = experiment.baseline_of(run);
    const bool is_method = baseline >= 0 && !experiment.runs[run].is_plain();
    if (named || (wanted.all && is_method)) methods.push_back(run);
  }
  return methods;
}

Arrays calibrate(const PreparedSweep& sweep, const Task& task,
                 const std::function<void(int done, int total)>& progress) {
  const Experiment& experiment = sweep.experiment;
  const std::vector<int> methods = equal_time_methods(experiment);
  std::set<int> timed(methods.begin(), methods.end());
  for (const int method : methods) timed.insert(experiment.baseline_of(method));
  const PromptPair pair = encode_pair(sweep, task, 0, 0, 1);
  std::map<int, std::vector<double>> seconds;
  const int total = (kEqualTimeRounds + 1) * static_cast<int>(timed.size());
  int done = 0;
  for (int round = 0; round <= kEqualTimeRounds; ++round) {  // round 0 warms up
    for (const int run : timed) {
      check_interrupt();
      progress(done++, total);
      const TimedLatent made = time_latent(sweep, task, sweep.runs[run], 0, 0, pair);
      if (round > 0) seconds[run].push_back(made.result.unet_seconds);
    }
  }
  at::Tensor steps = at::zeros({static_cast<std::int64_t>(experiment.runs.size())}, at::kInt);
  for (const int method : methods) {
    const int baseline = experiment.baseline_of(method);
    std::vector<double> shares;
    for (int round = 0; round < kEqualTimeRounds; ++round) {
      shares.push_back(seconds[method][round] / seconds[baseline][round]);
    }
    const int all = experiment.runs[baseline].num_steps;
    steps[method] = std::clamp(static_cast<int>(std::floor(all * median(shares))), 1, all);
  }
  return {{kSteps, steps}};
}

WorkUnit calibration_unit(const Settings& settings) {
  Settings of_unit = not_of_scope(settings, Scope::kRoundCount);
  of_unit["kind"] = "calibration";
  WorkUnit unit;
  unit.kind = WorkUnit::Kind::kCalibration;
  unit.hash = content_hash(settings_json(of_unit));
  return unit;
}

Experiment with_equal_time(Experiment experiment, const Arrays& calibration) {
  const at::Tensor& steps = calibration.at(kSteps);
  std::vector<RunSpec> added;
  for (const int method : equal_time_methods(experiment)) {
    const RunSpec& baseline = experiment.runs[experiment.baseline_of(method)];
    RunSpec plain = baseline;
    plain.num_steps = steps[method].item<int>();
    plain.name = "equal_time/" + baseline.name + "/" + std::to_string(plain.num_steps) + "_steps";
    plain.baseline = baseline.name;
    plain.added = true;
    const auto same = [&](const RunSpec& other) { return other.name == plain.name; };
    if (std::none_of(added.begin(), added.end(), same)) added.push_back(std::move(plain));
  }
  experiment.runs.insert(experiment.runs.end(), added.begin(), added.end());
  return experiment;
}

}  // namespace fdbench
