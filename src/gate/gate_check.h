// Holds a result against its baseline, figure by figure.
#pragma once

#include <string>
#include <vector>

#include "gate/gate_baseline.h"
#include "gate/gate_finding.h"

namespace fdbench {

struct GateResult {
  std::vector<Finding> findings;
  std::vector<std::string> notes;

  /// The worst; improvements are fine.
  Verdict verdict() const;
  /// 0 fine, 1 regressed, 4 too noisy to tell.
  int exit_code() const;
};

/// Speeds: regressed when the exact Mann-Whitney test of the ratios, the Hodges-Lehmann interval
/// that inverts it and the estimate itself all say so, the last by more than the tolerance; unsure
/// when the interval cannot exclude such a change. The samples are the medians of processes where
/// both sides have enough of them (`can_be_certain`), else rounds, which takes rounds of one
/// process for independent and is noted. Pictures, features and multiply-adds are not samples: the
/// same seeds make the same pictures, so they are held against their tolerance. A run that is gone
/// or no longer measured is regressed. Throws a usage error for a result of other settings (model,
/// prompts, threads, ...) and where no figure could be compared.
GateResult check_gate(const ResultMeasures& result, const GateBaseline& baseline);

}  // namespace fdbench
