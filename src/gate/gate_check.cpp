#include "gate/gate_check.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "gate/gate_windows.h"
#include "metrics/rank_tests.h"

namespace fdbench {
namespace {

/// Of one result against one baseline.
class Check {
 public:
  Check(const ResultMeasures& result, const GateBaseline& baseline)
      : result_(result), baseline_(baseline) {}

  GateResult run() {
    check_settings();
    note_surroundings();
    count_sampled();
    choose_samples();
    check_network();
    for (const auto& [name, before] : baseline_.runs) check_run(name, before);
    for (const RunMeasures& run : result_.runs) {
      if (baseline_.runs.contains(run.record.name)) continue;
      add_unchecked(run.record.name, "run", "the run is not in the baseline; --update writes it");
    }
    refuse_nothing();
    return std::move(gate_);
  }

 private:
  void note(const std::string& text) { gate_.notes.push_back(text); }

  void check_settings() const {
    const std::string changes = describe_changes(baseline_.settings, shared_settings(result_));
    if (changes.empty()) return;
    throw usage_error(Place{result_.path.string()},
                      "cannot be held against the baseline " + baseline_.path.string() +
                          ", which was made with other settings: " + changes +
                          "; --update writes a new baseline");
  }

  /// A check that compared nothing proves nothing.
  void refuse_nothing() const {
    for (const Finding& finding : gate_.findings) {
      if (finding.compared()) return;
    }
    const auto listed = [](const std::vector<std::string>& names) {
      std::string text;
      for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
      return text;
    };
    std::vector<std::string> before, now;
    for (const auto& [name, run] : baseline_.runs) before.push_back(name);
    for (const RunMeasures& run : result_.runs) now.push_back(run.record.name);
    throw usage_error(Place{result_.path.string()},
                      "has no figure to hold against the baseline, so nothing was checked: its "
                      "runs are " +
                          listed(now) + "; the baseline's " + listed(before) +
                          "; --update writes a new baseline");
  }

  void note_surroundings() {
    const std::string cpu = result_.attribute("cpu");
    const auto before = baseline_.provenance.find("cpu");
    other_cpu_ = before != baseline_.provenance.end() && before->second != cpu;
    for (const std::string& difference :
         differing_surroundings(baseline_.provenance, result_.attributes)) {
      note("measured elsewhere: " + difference);
    }
  }

  /// Bonferroni: an alarm in any of the sampled figures is an alarm.
  void count_sampled() {
    num_sampled_ = baseline_.decoder_ratios.empty() ? 0 : 1;
    for (const auto& [name, run] : baseline_.runs) num_sampled_ += !run.round_ratios.empty();
  }

  /// Processes where there are enough of them: rounds of one process are no independent samples.
  void choose_samples() {
    const std::size_t before = count_groups(baseline_.processes);
    const std::size_t now = count_groups(result_.processes);
    const double most =
        std::max(confidence(baseline_.gates.speed), confidence(baseline_.gates.decoder));
    by_process_ = can_be_certain(before, now, most);
    if (by_process_ || num_sampled_ == 0) return;
    const auto text = [](std::size_t count) {
      return count == 0 ? std::string("unknown") : std::to_string(count);
    };
    note("too_few_processes: rounds stand for samples, though those of one process are alike: " +
         text(now) + " processes against " + text(before) +
         " in the baseline are too few (timing.rounds_per_process makes more)");
  }

  /// The samples that are tested against each other.
  Finding judged(const std::vector<double>& before, const std::vector<double>& now,
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
  Finding by_rounds(Finding finding) const {
    const bool has_processes = count_groups(result_.processes) > 1;
    if (has_processes && finding.code == Reason::kIntervalCrossesTolerance) {
      finding.code = Reason::kTooFewProcesses;
    }
    return finding;
  }

  double confidence(const Gate& gate) const {
    return 1 - (1 - gate.confidence) / std::max(1, num_sampled_);
  }

  void add(Finding finding, const std::string& run, const std::string& figure) {
    finding.run = run;
    finding.figure = figure;
    gate_.findings.push_back(std::move(finding));
  }

  /// The ratio of a program on another processor is another ratio: it is shown, it proves nothing.
  Finding on_this_cpu(Finding finding) const {
    if (!other_cpu_ || finding.verdict != Verdict::kRegressed) return finding;
    finding.verdict = Verdict::kUnsure;
    finding.code = Reason::kOtherProcessor;
    finding.reason += "; the baseline is of another processor, so this is no proof";
    return finding;
  }

  void check_network() {
    if (baseline_.decoder_ratios.empty()) {
      if (result_.decoder_ratios.empty()) return;
      return add_unchecked("", "decoder_speedup",
                           "the baseline has no such figure; --update writes it");
    }
    const Gate& gate = baseline_.gates.decoder;
    Finding finding = on_this_cpu(judged(baseline_.decoder_ratios, result_.decoder_ratios, gate));
    if (finding.verdict == Verdict::kRegressed) {
      finding.reason += ": the decoder's layers got slower against the encoder's";
    }
    add(finding, "", "decoder_speedup");
  }

  void check_run(const std::string& name, const GatedRun& before) {
    const RunMeasures* now = result_.find_run(name);
    if (now == nullptr) return missing(name, Reason::kMissingRun, "the run is not in the result");
    if (now->identity != before.identity || now->record.baseline != before.baseline) {
      return missing(name, Reason::kOtherRun,
                     "the run of this name is another one now (its settings differ)");
    }
    bool pictures_left = false;
    const std::vector<Finding> others = check_windows(before, *now, baseline_.gates);
    for (const Finding& finding : others) {
      const bool of_pictures = finding.figure != "multiply_adds_speedup";
      pictures_left |= of_pictures && finding.verdict == Verdict::kRegressed;
    }
    if (!before.baseline) add(speed(before, *now, pictures_left), name, "unet_speedup");
    for (const Finding& finding : others) {
      const bool measured = !std::isnan(finding.before) || !std::isnan(finding.now);
      if (measured) add(finding, name, finding.figure);
    }
  }

  void add_unchecked(const std::string& run, const std::string& figure, const std::string& reason) {
    Finding finding;
    finding.verdict = Verdict::kUnchecked;
    finding.code = Reason::kNotInBaseline;
    finding.reason = reason;
    add(finding, run, figure);
  }

  void missing(const std::string& name, Reason code, const std::string& reason) {
    Finding finding;
    finding.verdict = Verdict::kRegressed;
    finding.code = code;
    finding.reason = reason;
    add(finding, name, "run");
  }

  Finding speed(const GatedRun& before, const RunMeasures& now, bool pictures_left) const {
    const Gate& gate = baseline_.gates.speed;
    Finding finding = on_this_cpu(judged(before.round_ratios, now.round_ratios, gate));
    if (finding.verdict == Verdict::kImproved && pictures_left) {
      finding.verdict = Verdict::kRegressed;
      finding.code = Reason::kPicturesLeftWindow;
      finding.reason = "faster, but its pictures left the quality window: no speedup";
    }
    return finding;
  }

  const ResultMeasures& result_;
  const GateBaseline& baseline_;
  GateResult gate_;
  int num_sampled_ = 0;
  bool other_cpu_ = false;
  bool by_process_ = false;
};

}  // namespace

Verdict GateResult::verdict() const {
  Verdict worst = Verdict::kFine;
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::kImproved) worst = std::max(worst, finding.verdict);
  }
  return worst;
}

int GateResult::exit_code() const {
  if (verdict() == Verdict::kRegressed) return 1;
  return verdict() == Verdict::kUnsure ? 4 : 0;
}

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
    finding.reason = "was not measured in every round, or is no number";
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

GateResult check_gate(const ResultMeasures& result, const GateBaseline& baseline) {
  return Check(result, baseline).run();
}

}  // namespace fdbench
