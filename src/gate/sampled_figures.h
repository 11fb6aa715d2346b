// Figures that are measured round by round: ratios of times, which scatter.
#pragma once

#include <string>
#include <vector>

#include "gate/gate_baseline.h"
#include "gate/gate_finding.h"

namespace fdbench {

/// A sampled figure whose samples are ratios, higher is better. confidence: after Bonferroni.
Finding judge_ratios(const std::vector<double>& before, const std::vector<double>& now,
                     double tolerance, double confidence);

/// Of one result against one baseline. Samples are the medians of processes where both sides have
/// enough of them, since rounds of one process are not independent; else rounds.
class SampledFigures {
 public:
  SampledFigures(const ResultMeasures& result, const GateBaseline& baseline);

  /// What a reader must know of the samples; "" for nothing.
  std::string note() const;
  /// before, now: the ratios of all rounds.
  Finding check(const std::vector<double>& before, const std::vector<double>& now,
                const Gate& gate) const;

 private:
  double confidence(const Gate& gate) const;
  Finding judged(const std::vector<double>& before, const std::vector<double>& now,
                 const Gate& gate) const;
  Finding by_rounds(Finding finding) const;

  const ResultMeasures& result_;
  const GateBaseline& baseline_;
  int num_sampled_ = 0;
  bool is_of_other_cpu_ = false;
  bool by_process_ = false;
};

}  // namespace fdbench
