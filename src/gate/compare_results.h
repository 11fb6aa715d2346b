// Two result files side by side, run by run.
#pragma once

#include <string>
#include <vector>

#include "gate/result_measures.h"
#include "metrics/rank_tests.h"

namespace fdbench {

/// A difference with its interval (95%) and the two-sided probability of one as large by chance.
struct Difference {
  double estimate = kNotMeasured, low = kNotMeasured, high = kNotMeasured;
  double probability = kNotMeasured;
};

/// One run that both files have; the names may differ.
struct ComparedRun {
  std::string name, other_name;
  /// B / A in unet_s; Hodges-Lehmann and Mann-Whitney over the processes where both files have
  /// enough of them, else over the rounds.
  Difference time;
  /// B / A in the rounds' speedups, likewise.
  Difference speedup;
  /// [dB] B - A, mean over the same pictures; bootstrap and signed-rank test.
  Difference psnr;
  /// B - A, likewise.
  Difference latent_mse;
};

struct Comparison {
  std::vector<ComparedRun> runs;
  /// Names of runs without a counterpart.
  std::vector<std::string> only_first, only_second;
  std::vector<std::string> warnings;
};

/// Runs are matched by what they are: model, sampler, strategy, shapes, dtype, steps, not by their
/// names. Throws a usage error, which says what differs, when no run matches.
Comparison compare_results(const ResultMeasures& first, const ResultMeasures& second);

/// table, md, csv, json.
std::vector<std::string> comparison_formats();
/// first, second: paths, for headings. Throws a usage error for another format.
std::string format_comparison(const Comparison& comparison, const std::string& first,
                              const std::string& second, const std::string& format);

}  // namespace fdbench
