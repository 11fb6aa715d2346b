// What the gate and the comparison read of a result file: samples, not only summaries.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "results/run_fields.h"
#include "results/settings.h"

namespace fdbench {

struct RunMeasures {
  RunRecord record;
  /// JSON: all that makes the run what it is, its name left out.
  std::string identity;
  /// [N] of each round.
  std::vector<double> unet_s;
  /// [N] what the gate goes by: processor time of one thread, else unet_s.
  std::vector<double> gated_s;
  /// [N] baseline / this run in gated_s; empty for a baseline.
  std::vector<double> round_ratios;
  /// [P] to the baseline's pictures.
  std::vector<double> psnr_db;
  /// [P].
  std::vector<double> latent_mse;
  /// Mean over pictures and steps of each statistic of each block: "mse/up_blocks.0".
  std::map<std::string, double> features;
};

struct ResultMeasures {
  std::filesystem::path path;
  std::map<std::string, std::string> attributes;
  Settings settings;
  std::vector<RunMeasures> runs;
  /// [N] the process that measured each round; empty where the file does not say.
  std::vector<int> processes;
  /// [N] time of the encoder's and bottleneck's layers / time of the decoder's, in one whole
  /// network call of each round. Below what it was: the decoder has become slower against the rest.
  std::vector<double> decoder_ratios;

  /// "" where there is none.
  std::string attribute(const std::string& name) const;
  const RunMeasures* find_run(const std::string& name) const;
};

/// Throws what `read_summary` throws, and a runtime error for a file without the settings that say
/// what its runs are.
ResultMeasures read_measures(const std::filesystem::path& path);

/// Settings of which a difference makes the times and pictures of two files incomparable. Left out:
/// the runs themselves (matched one by one), how many rounds there are, what is kept, versions.
Settings shared_settings(const ResultMeasures& measures);

/// "host (a, b)", ...: what differs in machine and libraries and may explain other times.
std::vector<std::string> differing_surroundings(const std::map<std::string, std::string>& before,
                                                const std::map<std::string, std::string>& now);

}  // namespace fdbench
