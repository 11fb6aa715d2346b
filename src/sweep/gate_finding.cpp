#include "sweep/gate_finding.h"

#include <cstdio>

namespace fdbench {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%%", 100 * share);
  return text;
}

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
