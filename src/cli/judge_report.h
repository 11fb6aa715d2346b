// What `fdbench judge` prints.
#pragma once

#include "judging/judgement.h"

namespace fdbench {

/// The scores by name at the top; intervals, deviations, remarks and what they are of below. What
/// is infinite is the string "inf".
void print_json(const JudgeReport& report);
void print_table(const JudgeReport& report);

}  // namespace fdbench
