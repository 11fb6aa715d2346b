#include "gate/gate_finding.h"

#include "core/number_text.h"

namespace fdbench {

std::string percent(double share) { return printed("%.3g%%", 100 * share); }

std::string verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnchecked:
      return "not checked";
    case Verdict::kFine:
      return "fine";
    case Verdict::kImproved:
      return "improved";
    case Verdict::kUnsure:
      return "unsure";
    case Verdict::kRegressed:
      return "REGRESSED";
  }
  return "";
}

std::string reason_code(Reason reason) {
  switch (reason) {
    case Reason::kWithinTolerance:
      return "within_tolerance";
    case Reason::kBetter:
      return "better";
    case Reason::kBeyondTolerance:
      return "beyond_tolerance";
    case Reason::kIntervalCrossesTolerance:
      return "interval_crosses_tolerance";
    case Reason::kTooFewRounds:
      return "too_few_rounds";
    case Reason::kTooFewProcesses:
      return "too_few_processes";
    case Reason::kOtherProcessor:
      return "other_processor";
    case Reason::kPicturesLeftWindow:
      return "pictures_left_window";
    case Reason::kNotMeasured:
      return "not_measured";
    case Reason::kMissingRun:
      return "missing_run";
    case Reason::kOtherRun:
      return "other_run";
    case Reason::kNotInBaseline:
      return "not_in_baseline";
  }
  return "";
}

bool Finding::compared() const {
  return code != Reason::kMissingRun && code != Reason::kOtherRun && code != Reason::kNotInBaseline;
}

}  // namespace fdbench
