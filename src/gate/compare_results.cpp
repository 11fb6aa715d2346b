#include "gate/compare_results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/error.h"
#include "metrics/statistics.h"

namespace fdbench {
namespace {

constexpr double kConfidence = 0.95;
constexpr const char* kOtherPictures =
    "other prompts or seeds, so pictures were not compared one by one";

/// Second / first.
Difference ratio_of(const std::vector<double>& first, const std::vector<double>& second) {
  if (first.empty() || second.empty()) return {};
  const Shift ratio = ratio_between(second, first, kConfidence);
  return {ratio.estimate, ratio.interval.low, ratio.interval.high,
          mann_whitney(second, first).two_sided};
}

/// Pictures that are identical to their baseline's (infinite PSNR) in one file alone.
struct OnlyIdentical {
  std::size_t in_first = 0, in_second = 0;
};

OnlyIdentical only_identical(const std::vector<double>& first, const std::vector<double>& second) {
  OnlyIdentical found;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    found.in_first += std::isinf(first[i]) && !std::isinf(second[i]);
    found.in_second += std::isinf(second[i]) && !std::isinf(first[i]);
  }
  return found;
}

/// Second - first, picture by picture; pictures that are identical to their baseline's in both
/// (infinite PSNR) do not differ. Those that are in one file alone are left out of the mean; where
/// all are, the difference is infinite.
Difference paired_difference(const std::vector<double>& first, const std::vector<double>& second) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    const double difference = first[i] == second[i] ? 0 : second[i] - first[i];
    if (std::isfinite(difference)) differences.push_back(difference);
  }
  if (differences.empty()) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const OnlyIdentical one = only_identical(first, second);
    Difference difference;
    if (one.in_first > 0 && one.in_second == 0) difference.estimate = -kInfinity;
    if (one.in_second > 0 && one.in_first == 0) difference.estimate = kInfinity;
    return difference;
  }
  const Interval interval = mean_interval(differences);
  return {mean_of_finite(differences), interval.low, interval.high,
          signed_rank(differences).two_sided};
}

/// Says what `paired_difference` leaves out.
void warn_of_identical(Comparison& comparison, const RunMeasures& first,
                       const RunMeasures& second) {
  const OnlyIdentical one = only_identical(first.psnr_db, second.psnr_db);
  for (const auto& [count, file] : {std::pair(one.in_first, "A"), std::pair(one.in_second, "B")}) {
    if (count == 0) continue;
    comparison.warnings.push_back(first.record.name + ": " + std::to_string(count) + " of " +
                                  std::to_string(first.psnr_db.size()) +
                                  " pictures are identical to the full run's in " + file +
                                  " alone, and left out of the mean PSNR");
  }
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

/// The same pictures of the same captions in both files.
bool same_pictures(const ResultMeasures& first, const ResultMeasures& second) {
  for (const char* key : {"seed", "prompts.hash"}) {
    const auto a = first.settings.find(key), b = second.settings.find(key);
    const bool same =
        a != first.settings.end() && b != second.settings.end() && a->second == b->second;
    if (!same) return false;
  }
  return true;
}

void warn(Comparison& comparison, const ResultMeasures& first, const ResultMeasures& second) {
  for (const std::string& difference :
       differing_surroundings(first.attributes, second.attributes)) {
    comparison.warnings.push_back("measured elsewhere: " + difference);
  }
  const std::string changes = describe_changes(shared_settings(first), shared_settings(second));
  if (!changes.empty()) comparison.warnings.push_back("other settings: " + changes);
  if (!same_pictures(first, second)) {
    comparison.warnings.emplace_back(kOtherPictures);
  }
}

/// Which rounds of the two files belong to one process; empty where rounds are the samples.
struct Processes {
  std::vector<int> first, second;
};

/// Rounds of one process are alike, so processes are the samples wherever they are enough.
Processes processes_of(const ResultMeasures& first, const ResultMeasures& second) {
  const std::size_t a = count_groups(first.processes), b = count_groups(second.processes);
  if (!can_be_certain(a, b, kConfidence)) return {};
  return {first.processes, second.processes};
}

std::vector<double> samples(const std::vector<double>& rounds, const std::vector<int>& processes) {
  return rounds.size() == processes.size() ? group_medians(rounds, processes) : rounds;
}

ComparedRun compared(const RunMeasures& first, const RunMeasures& second,
                     const Processes& processes, bool pictures) {
  ComparedRun run;
  run.name = first.record.name;
  run.other_name = second.record.name;
  run.time =
      ratio_of(samples(first.unet_s, processes.first), samples(second.unet_s, processes.second));
  run.speedup = ratio_of(samples(first.round_ratios, processes.first),
                         samples(second.round_ratios, processes.second));
  if (!pictures || first.record.baseline || second.record.baseline) return run;
  run.psnr = paired_difference(first.psnr_db, second.psnr_db);
  run.latent_mse = paired_difference(first.latent_mse, second.latent_mse);
  return run;
}

}  // namespace

Comparison compare_results(const ResultMeasures& first, const ResultMeasures& second) {
  Comparison comparison;
  warn(comparison, first, second);
  const bool pictures = same_pictures(first, second);
  const Processes processes = processes_of(first, second);
  std::vector<bool> taken(second.runs.size(), false);
  for (const RunMeasures& run : first.runs) {
    std::size_t best = second.runs.size();
    for (std::size_t i = 0; i < second.runs.size(); ++i) {
      if (taken[i] || second.runs[i].identity != run.identity) continue;
      const bool same_name = second.runs[i].record.name == run.record.name;
      if (best == second.runs.size() || same_name) best = i;
    }
    if (best == second.runs.size()) {
      comparison.only_first.push_back(run.record.name);
      continue;
    }
    taken[best] = true;
    comparison.runs.push_back(compared(run, second.runs[best], processes, pictures));
    if (pictures) warn_of_identical(comparison, run, second.runs[best]);
  }
  for (std::size_t i = 0; i < second.runs.size(); ++i) {
    if (!taken[i]) comparison.only_second.push_back(second.runs[i].record.name);
  }
  if (comparison.runs.empty()) {
    throw usage_error(Place{second.path.string()},
                      "has no run in common with " + first.path.string() +
                          " (runs are matched by model, sampler, strategy, shapes and dtype)" +
                          (comparison.warnings.empty() ? "" : ": " + joined(comparison.warnings)));
  }
  return comparison;
}

}  // namespace fdbench
