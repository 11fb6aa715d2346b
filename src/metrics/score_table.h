// The scores by name: what each needs, and how it is computed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "core/error.h"
#include "metrics/judged_set.h"
#include "metrics/precision_recall.h"
#include "metrics/scores.h"

namespace fdbench {

/// What a score is computed from: the judged set with these features in place of its own.
struct ScorePair {
  const JudgedSet& judged;
  const Features& features;
  const JudgedSet* reference;
  const ScoreOptions& options;
  /// Both come from one pass; kept for the second that is asked for.
  std::optional<PrecisionRecall> manifolds = {};
};

/// What a score is computed from.
enum class Part { kNothing, kRows, kMoments, kSpatialMoments, kLogits };

struct Metric {
  const char* name;
  Score (*compute)(ScorePair& pair);
  Part own, reference;
  /// Pictures that it needs.
  std::int64_t fewest;
};

std::span<const Metric> all_metrics();
/// Throws a usage error for a name that is not known, with the nearest one.
const Metric& metric_named(const std::string& name);

/// The rows, or the moments of a set. Throws a usage error with set, score and array where it has
/// none.
const at::Tensor& given(const at::Tensor& rows, const JudgedSet& set, const std::string& score,
                        const char* array);
const Moments& moments_in(const std::optional<Moments>& moments, const JudgedSet& set,
                          const std::string& score, const char* mean);

}  // namespace fdbench
