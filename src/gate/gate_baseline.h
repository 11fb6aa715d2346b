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
  Gate speed{0.05, 0.99};       // of unet_speedup
  Gate decoder{0.03, 0.99};     // of decoder_speedup
  Gate multiply_adds{0, 0};     // share that may be lost
  Gate psnr{0.5, 0};            // [dB]
  Gate latent_mse{0.1, 0};      // share
  Gate clip_score{0.01, 0};     // share that may be lost
  Gate fid{0.05, 0};            // share by which it may grow
  Gate objects_right{0.02, 0};  // share that may be lost
  Gate features{0.01, 0};       // share, of the largest of a statistic's blocks
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
  std::map<std::string, double> features;
};

struct GateBaseline {
  /// The file that it was read from, for messages.
  std::filesystem::path path = {};
  Gates gates = {};
  Settings settings;                              // shared_settings of the result
  std::map<std::string, std::string> provenance;  // attributes of the result
  std::map<std::string, GatedRun> runs;
  double decoder_speedup = kNotMeasured;
  std::vector<double> decoder_ratios;
  std::vector<int> processes;  // that measured each round; empty where that is not known
};

/// The figures of a result. Throws a usage error for figures that a gate cannot be built on: too
/// few timing rounds, a speedup that is not a number, nothing at all.
GateBaseline gate_baseline(const ResultMeasures& measures, const Gates& gates);

/// Attributes of a result that its baseline keeps.
const std::vector<std::string>& provenance_names();

/// Fewest rounds that a gate goes by.
inline constexpr std::size_t kFewestRounds = 5;

}  // namespace fdbench
