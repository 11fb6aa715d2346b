// What the gate says of one figure.
#pragma once

#include <string>

#include "results/run_fields.h"

namespace fdbench {

/// kUnchecked: the baseline has nothing to hold it against.
enum class Verdict { kUnchecked, kFine, kImproved, kUnsure, kRegressed };

/// Why, in one word for programs to go by; docs/gate.md says what each means.
enum class Reason {
  kWithinTolerance,
  kBetter,
  kBeyondTolerance,
  kIntervalCrossesTolerance,
  kTooFewRounds,
  kTooFewProcesses,
  kOtherProcessor,
  kPicturesLeftWindow,
  kNotMeasured,
  kMissingRun,
  kOtherRun,
  kNotInBaseline
};

/// 0.05 as "5%".
std::string percent(double share);

/// "not checked", "fine", "improved", "unsure", "REGRESSED".
std::string verdict_name(Verdict verdict);

/// "within_tolerance", "interval_crosses_tolerance", "missing_run", ...
std::string reason_code(Reason reason);

/// One figure. Of figures that are not sampled `low`, `high` and `probability` are NaN.
struct Finding {
  /// "" of figures of the network as a whole.
  std::string run;
  /// "unet_speedup", "decoder_speedup", "multiply_adds_speedup", "psnr_to_full",
  /// "latent_mse_to_full", "clip_score", "fid", "objects_right", "control_f1", "features", "run".
  std::string figure;
  double before = kNotMeasured, now = kNotMeasured;
  /// now / before (dB for psnr: now - before).
  double change = kNotMeasured;
  /// Interval of `change`.
  double low = kNotMeasured, high = kNotMeasured;
  /// Exact test, one-sided, of a change this bad by chance.
  double probability = kNotMeasured;
  Verdict verdict = Verdict::kFine;
  Reason code = Reason::kWithinTolerance;
  /// One line; "" for what is fine.
  std::string reason;

  /// Whether two figures were held against each other.
  bool compared() const;
};

}  // namespace fdbench
