#include "gate/gate_check.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "gate/gate_windows.h"
#include "gate/sampled_figures.h"

namespace fdbench {
namespace {

/// Of one result against one baseline.
class Check {
 public:
  Check(const ResultMeasures& result, const GateBaseline& baseline)
      : result_(result), baseline_(baseline), sampled_(result, baseline) {}

  GateResult run() {
    check_settings();
    note_surroundings();
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
    for (const std::string& difference :
         differing_surroundings(baseline_.provenance, result_.attributes)) {
      gate_.notes.push_back("measured elsewhere: " + difference);
    }
    const std::string of_samples = sampled_.note();
    if (!of_samples.empty()) gate_.notes.push_back(of_samples);
  }

  void add(Finding finding, const std::string& run, const std::string& figure) {
    finding.run = run;
    finding.figure = figure;
    gate_.findings.push_back(std::move(finding));
  }

  void check_network() {
    if (baseline_.decoder_ratios.empty()) {
      if (result_.decoder_ratios.empty()) return;
      return add_unchecked("", "decoder_speedup",
                           "the baseline has no such figure; --update writes it");
    }
    Finding finding =
        sampled_.check(baseline_.decoder_ratios, result_.decoder_ratios, baseline_.gates.decoder);
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
    Finding finding = sampled_.check(before.round_ratios, now.round_ratios, baseline_.gates.speed);
    if (finding.verdict == Verdict::kImproved && pictures_left) {
      finding.verdict = Verdict::kRegressed;
      finding.code = Reason::kPicturesLeftWindow;
      finding.reason = "faster, but its pictures left the quality window: no speedup";
    }
    return finding;
  }

  const ResultMeasures& result_;
  const GateBaseline& baseline_;
  const SampledFigures sampled_;
  GateResult gate_;
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

GateResult check_gate(const ResultMeasures& result, const GateBaseline& baseline) {
  return Check(result, baseline).run();
}

}  // namespace fdbench
