// The committed figures that `fdbench check` holds a result against.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gate/result_measures.h"

namespace fdbench {

/// When a change counts. tolerance: smallest change that matters (a share; dB for psnr);
/// confidence: of tests and intervals, after Bonferroni over all gated speeds; unused where nothing
/// is sampled.
struct Gate {
  double tolerance = 0;
  double confidence = 0;
};

struct Gates {
  /// Of unet_speedup.
  Gate speed{0.05, 0.99};
  /// Of decoder_speedup.
  Gate decoder{0.03, 0.99};
  /// Share that may be lost.
  Gate multiply_adds{0, 0};
  /// What may be lost [dB].
  Gate psnr{0.5, 0};
  /// Share by which it may grow.
  Gate latent_mse{0.1, 0};
  /// Share that may be lost.
  Gate clip_score{0.01, 0};
  /// Share by which it may grow.
  Gate fid{0.05, 0};
  /// Share that may be lost.
  Gate objects_right{0.02, 0};
  /// Share that may be lost.
  Gate control_f1{0.02, 0};
  /// Share of the largest of a statistic's blocks by which a block may move.
  Gate features{0.01, 0};
};

/// Figures of one run.
struct GatedRun {
  std::string identity;
  bool baseline = false;
  double unet_speedup = kNotMeasured;
  std::vector<double> round_ratios;
  double multiply_adds_speedup = kNotMeasured;
  double psnr_to_full = kNotMeasured;
  double latent_mse_to_full = kNotMeasured;
  double clip_score = kNotMeasured;
  double fid = kNotMeasured;
  double objects_right = kNotMeasured;
  double control_f1 = kNotMeasured;
  std::map<std::string, double> features;
};

struct GateBaseline {
  /// The file that it was read from, for messages.
  std::filesystem::path path = {};
  Gates gates = {};
  /// shared_settings of the result.
  Settings settings;
  /// Attributes of the result.
  std::map<std::string, std::string> provenance;
  std::map<std::string, GatedRun> runs;
  double decoder_speedup = kNotMeasured;
  std::vector<double> decoder_ratios;
  /// Of each round, the process that measured it; empty where that is not known.
  std::vector<int> processes;
};

/// The figures of a result. Throws a usage error for figures that a gate cannot be built on: too
/// few timing rounds, a speedup that is not a number, nothing at all.
GateBaseline gate_baseline(const ResultMeasures& measures, const Gates& gates);

/// Attributes of a result that its baseline keeps.
const std::vector<std::string>& provenance_names();

/// Fewest rounds that a gate goes by.
inline constexpr std::size_t kFewestRounds = 5;

}  // namespace fdbench
