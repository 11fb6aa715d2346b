// The outcome of a check as text.
#pragma once

#include <string>
#include <vector>

#include "gate/gate_check.h"

namespace fdbench {

/// table: for a terminal; json; junit: XML with a test case a figure; github: annotations for
/// GitHub Actions, with the table above them.
std::vector<std::string> gate_formats();

/// Names of what was held against what, for headings.
struct GateCaption {
  std::string result, baseline;
};

/// Text in one of gate_formats(), ending in a line break. Throws a usage error for another format.
std::string format_gate(const GateResult& gate, const GateCaption& caption,
                        const std::string& format);

}  // namespace fdbench
