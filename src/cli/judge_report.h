// What `fdbench judge` prints.
#pragma once

#include <string>
#include <vector>

#include "cli/judged_pictures.h"
#include "metrics/scores.h"

namespace fdbench {

/// Pictures and what they stand beside, as the answer tells it.
struct JudgedBeside {
  std::string file;                   // "": nothing
  std::string by = {};                // how they were matched
  std::string first = {}, last = {};  // "0.png <- 'a red square'"
};

struct JudgeReport {
  std::string pictures;  // path
  const JudgedSet* judged = nullptr;
  const JudgedSet* reference = nullptr;
  JudgedBeside pairs, prompts;
  std::vector<Score> scores;
  std::vector<std::string> warnings;
  std::string protocol = {};  // of the network; "": none
  ScoreOptions options;
};

/// The scores by name at the top; intervals, deviations, remarks and what they are of below. What
/// is infinite is the string "inf".
void print_json(const JudgeReport& report);
void print_table(const JudgeReport& report);

}  // namespace fdbench
