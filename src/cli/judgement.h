// What `fdbench judge` does: everything is opened and checked, then looked at, then scored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/judged_pictures.h"
#include "metrics/scores.h"

namespace fdbench {

struct JudgeOptions {
  std::filesystem::path judged, reference, pairs, prompts;
  std::vector<std::string> metrics;
  std::string run, reference_run, pairs_run;  // of result files
  std::string format = "table";
  ScoreOptions score;
  JudgeNetworkOptions network;
};

/// clip_score, pick_score.
const std::vector<std::string>& prompt_score_names();

/// Prints the scores. Throws a usage error for all that can be known to be wrong before a network
/// looks at the first picture.
void judge(const JudgeOptions& options);

}  // namespace fdbench
