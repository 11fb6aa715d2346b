#include "work/drawn_steps.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.h"

namespace fdbench {
namespace {

constexpr int kUsualNumSteps = 10;

/// A run's stage with what is drawn of it.
struct Drawn {
  /// Of the setting: "features.pca.steps".
  std::string key;
  const DrawnSteps& asked;
  const RunSpec& run;
};

/// Evenly spaced, the first and the last among them.
std::vector<int> usual_steps(int num_steps) {
  const int count = std::min(kUsualNumSteps, num_steps);
  std::vector<int> steps;
  for (int i = 0; i < count; ++i) {
    const double share = count == 1 ? 0.0 : static_cast<double>(i) / (count - 1);
    steps.push_back(static_cast<int>(std::lround(share * (num_steps - 1))));
  }
  return steps;
}

/// Counted from 0 in sampling order, rising. Of a run that the config does not name those that it
/// has, or the usual ones.
std::vector<int> steps_of(const Drawn& drawn, int num_steps) {
  if (drawn.asked.counted.empty()) return usual_steps(num_steps);
  std::set<int> steps;
  for (const int counted : drawn.asked.counted) {
    if (counted > num_steps) {
      if (drawn.run.added) continue;
      throw usage_error(drawn.asked.place, "'" + drawn.key + "': run '" + drawn.run.name +
                                               "' has no step " + std::to_string(counted) +
                                               ", its first one is " + std::to_string(num_steps));
    }
    steps.insert(num_steps - counted);
  }
  if (steps.empty()) return usual_steps(num_steps);
  return {steps.begin(), steps.end()};
}

}  // namespace

std::vector<int> pca_columns(const PreparedSweep& sweep) {
  const PcaSettings& pca = sweep.experiment.features.pca;
  std::vector<int> columns;
  if (pca.pictures == 0) return columns;
  std::vector<std::string> names;
  for (const WatchedLayer& watched : sweep.watched) names.push_back(watched.name);
  for (const std::string& block : pca.blocks) {
    if (std::find(names.begin(), names.end(), block) != names.end()) continue;
    throw usage_error(pca.blocks_place, "'features.pca.blocks': '" + block + "' is not watched" +
                                            advice(block, names));
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool is_chosen = pca.blocks.empty() || std::find(pca.blocks.begin(), pca.blocks.end(),
                                                           names[i]) != pca.blocks.end();
    if (is_chosen) columns.push_back(static_cast<int>(i));
  }
  return columns;
}

std::vector<int> pca_steps(const PreparedSweep& sweep, const PreparedRun& run, std::size_t stage) {
  return steps_of({"features.pca.steps", sweep.experiment.features.pca.steps, run.spec},
                  run.stages[stage].plan.num_steps());
}

std::int64_t num_pca_steps(const PreparedSweep& sweep) {
  std::size_t most = 0;
  for (const PreparedRun& run : sweep.runs) {
    for (std::size_t stage = 0; stage < run.stages.size(); ++stage) {
      most = std::max(most, pca_steps(sweep, run, stage).size());
    }
  }
  return static_cast<std::int64_t>(most);
}

std::vector<int> predicted_steps(const PreparedSweep& sweep, const PreparedRun& run) {
  const PredictedSettings& predicted = sweep.experiment.pictures.predicted;
  if (predicted.pictures == 0) return {};
  return steps_of({"pictures.predicted.steps", predicted.steps, run.spec},
                  run.stages.back().plan.num_steps());
}

std::int64_t num_predicted_steps(const PreparedSweep& sweep) {
  std::size_t most = 0;
  for (const PreparedRun& run : sweep.runs) {
    most = std::max(most, predicted_steps(sweep, run).size());
  }
  return static_cast<std::int64_t>(most);
}

}  // namespace fdbench
