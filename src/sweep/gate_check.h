// Holds a result against its baseline, figure by figure.
#pragma once

#include <string>
#include <vector>

#include "sweep/gate_baseline.h"

namespace fdbench {

enum class Verdict { kFine, kImproved, kUnsure, kRegressed };

/// "fine", "improved", "unsure", "REGRESSED".
std::string verdict_name(Verdict verdict);

/// One figure. Of figures that are not sampled `low`, `high` and `probability` are NaN.
struct Finding {
  std::string run;     // "" of figures of the network as a whole
  std::string figure;  // "unet_speedup", "decoder_speedup", "multiply_adds_speedup",
                       // "psnr_to_full", "latent_mse_to_full", "features", "run"
  double before = kNotMeasured, now = kNotMeasured;
  double change = kNotMeasured;                    // now / before (dB for psnr: now - before)
  double low = kNotMeasured, high = kNotMeasured;  // interval of `change`
  double probability = kNotMeasured;  // exact test, one-sided, of a change this bad by chance
  Verdict verdict = Verdict::kFine;
  std::string reason;  // one line; "" for what is fine
};

struct GateResult {
  std::vector<Finding> findings;
  std::vector<std::string> notes;

  Verdict verdict() const;  // the worst; improvements are fine
  int exit_code() const;    // 0 fine, 1 regressed, 4 too noisy to tell
};

/// Speeds: regressed when the exact Mann-Whitney test of the rounds' ratios, the Hodges-Lehmann
/// interval that inverts it and the estimate itself all say so, the last by more than the
/// tolerance; unsure when the interval cannot exclude such a change. Pictures, features and
/// multiply-adds are no samples: the same seeds make the same pictures, so they are held against
/// their tolerance. A run that is gone or no longer measured is regressed. Throws a usage error for
/// a result of other settings (model, prompts, threads, ...).
GateResult check_gate(const ResultMeasures& result, const GateBaseline& baseline);

/// A sampled figure whose samples are ratios, higher is better. confidence: after Bonferroni.
Finding judge_ratios(const std::vector<double>& before, const std::vector<double>& now,
                     double tolerance, double confidence);

}  // namespace fdbench
