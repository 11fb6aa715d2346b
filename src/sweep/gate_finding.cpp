#include "sweep/gate_finding.h"

namespace fdbench {

std::string verdict_name(Verdict verdict) {
  switch (verdict) {
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

}  // namespace fdbench
