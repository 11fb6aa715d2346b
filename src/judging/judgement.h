// What `fdbench judge` does: everything is opened and checked, then features are extracted, then
// scored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "judging/judged_pictures.h"
#include "metrics/edge_agreement.h"
#include "metrics/scores.h"

namespace fdbench {

struct JudgeOptions {
  std::filesystem::path judged, reference, pairs, controls, prompts;
  std::vector<std::string> metrics;
  /// Of result files.
  std::string run, reference_run, pairs_run;
  ScoreOptions score;
  /// Of control_f1 and its kin.
  EdgeOptions edges;
  JudgeNetworkOptions network;
};

/// Pictures and what they stand beside, as the answer tells it.
struct JudgedBeside {
  /// "": nothing.
  std::string file;
  /// How they were matched.
  std::string by = {};
  /// "0.png <- 'a red square'".
  std::string first = {}, last = {};
};

struct JudgeReport {
  /// Path.
  std::string pictures;
  std::optional<JudgedSet> judged, reference;
  JudgedBeside pairs, controls, prompts;
  std::vector<Score> scores;
  /// What a reader of the scores must know.
  std::vector<std::string> warnings;
  /// Of the network; "": none.
  std::string protocol = {};
  ScoreOptions options;
};

/// Throws a usage error for all that can be known to be wrong before a network runs.
/// write_progress: of what the networks look at.
JudgeReport judge(const JudgeOptions& options, const ProgressWriter& write_progress);

}  // namespace fdbench
