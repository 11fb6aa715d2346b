#include "gate/sampled_figures.h"

#include <algorithm>
#include <cmath>

#include "metrics/rank_tests.h"
#include "metrics/statistics.h"

namespace fdbench {

Finding judge_ratios(const std::vector<double>& before, const std::vector<double>& now,
                     double tolerance, double confidence) {
  Finding finding;
  finding.before = median(before);
  finding.now = median(now);
  const bool lost = before.empty() || now.empty() ||
                    std::any_of(now.begin(), now.end(),
                                [](double ratio) { return !std::isfinite(ratio) || ratio <= 0; });
  if (lost) {
    finding.verdict = Verdict::kRegressed;
    finding.code = Reason::kNotMeasured;
    finding.reason = "was not measured in every round, or is not a number";
    return finding;
  }
  // Two-sided interval: each end errs with half of what the confidence leaves.
  const Shift ratio = ratio_between(now, before, confidence);
  finding.change = ratio.estimate;
  finding.low = ratio.interval.low;
  finding.high = ratio.interval.high;
  finding.probability = mann_whitney(now, before).less;
  const double allowed = (1 - confidence) / 2;
  const double least = 1 - tolerance;
  if (finding.probability <= allowed && finding.high < 1 && finding.change < least) {
    finding.verdict = Verdict::kRegressed;
    finding.code = Reason::kBeyondTolerance;
    finding.reason =
        "slower by " + percent(1 - finding.change) + ", " + percent(tolerance) + " may be lost";
  } else if (finding.low < least) {
    finding.verdict = Verdict::kUnsure;
    finding.code = can_be_certain(before.size(), now.size(), confidence)
                       ? Reason::kIntervalCrossesTolerance
                       : Reason::kTooFewRounds;
    finding.reason = "too noisy: a loss of " + percent(1 - std::max(0.0, finding.low)) +
                     " cannot be excluded; more timing rounds, or a quieter machine";
  } else if (finding.low > 1 && finding.change > 1 + tolerance) {
    finding.verdict = Verdict::kImproved;
    finding.code = Reason::kBetter;
  }
  return finding;
}

SampledFigures::SampledFigures(const ResultMeasures& result, const GateBaseline& baseline)
    : result_(result), baseline_(baseline) {
  num_sampled_ = baseline.decoder_ratios.empty() ? 0 : 1;
  for (const auto& [name, run] : baseline.runs) num_sampled_ += !run.round_ratios.empty();
  const auto cpu = baseline.provenance.find("cpu");
  is_of_other_cpu_ = cpu != baseline.provenance.end() && cpu->second != result.attribute("cpu");
  const double most =
      std::max(confidence(baseline.gates.speed), confidence(baseline.gates.decoder));
  by_process_ =
      can_be_certain(count_groups(baseline.processes), count_groups(result.processes), most);
}

std::string SampledFigures::note() const {
  if (by_process_ || num_sampled_ == 0) return "";
  const auto count_text = [](const std::vector<int>& processes) {
    const std::size_t count = count_groups(processes);
    return count == 0 ? std::string("unknown") : std::to_string(count);
  };
  return "too_few_processes: rounds stand for samples, though those of one process are alike: " +
         count_text(result_.processes) + " processes against " + count_text(baseline_.processes) +
         " in the baseline are too few (timing.rounds_per_process makes more)";
}

/// The ratio of a program on another processor is another ratio: it is shown, it proves nothing.
Finding SampledFigures::check(const std::vector<double>& before, const std::vector<double>& now,
                              const Gate& gate) const {
  Finding finding = judged(before, now, gate);
  if (!is_of_other_cpu_ || finding.verdict != Verdict::kRegressed) return finding;
  finding.verdict = Verdict::kUnsure;
  finding.code = Reason::kOtherProcessor;
  finding.reason += "; the baseline is of another processor, so this proves nothing";
  return finding;
}

/// Bonferroni: an alarm in any of the sampled figures is an alarm.
double SampledFigures::confidence(const Gate& gate) const {
  return 1 - (1 - gate.confidence) / std::max(1, num_sampled_);
}

Finding SampledFigures::judged(const std::vector<double>& before, const std::vector<double>& now,
                               const Gate& gate) const {
  const bool whole =
      before.size() == baseline_.processes.size() && now.size() == result_.processes.size() &&
      std::all_of(now.begin(), now.end(), [](double ratio) { return std::isfinite(ratio); });
  if (!by_process_ || !whole) {
    return by_rounds(judge_ratios(before, now, gate.tolerance, confidence(gate)));
  }
  return judge_ratios(group_medians(before, baseline_.processes),
                      group_medians(now, result_.processes), gate.tolerance, confidence(gate));
}

/// A verdict that rounds cannot give although there are processes: more of them are what helps.
Finding SampledFigures::by_rounds(Finding finding) const {
  const bool has_processes = count_groups(result_.processes) > 1;
  if (has_processes && finding.code == Reason::kIntervalCrossesTolerance) {
    finding.code = Reason::kTooFewProcesses;
  }
  return finding;
}

}  // namespace fdbench
