// What `fdbench judge` does: everything is opened and checked, then features are extracted, then
// scored.
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
  /// Of result files.
  std::string run, reference_run, pairs_run;
  std::string format = "table";
  ScoreOptions score;
  JudgeNetworkOptions network;
};

/// Prints the scores. Throws a usage error for all that can be known to be wrong before a network
/// runs.
void judge(const JudgeOptions& options);

}  // namespace fdbench
