// Scores of a set of pictures against a reference, by name.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "metrics/judged_set.h"

namespace fdbench {

struct Score {
  std::string name;
  double value = 0;
  /// 95% percentile interval over bootstrap resamples of the judged pictures; NaN without. A
  /// resample holds pictures twice, which biases distances upward: the interval is moved so that
  /// its mean is the value.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  double std = std::numeric_limits<double>::quiet_NaN();  // over splits or subsets, where there are
};

struct ScoreOptions {
  int bootstrap = 0;  // resamples; 0: no intervals
  std::uint64_t seed = 0;
};

/// fid, sfid, kid, kid_subsets, cmmd, is, precision, recall, fid_infinity.
std::vector<std::string> score_names();
/// Those that judge by features alone, in the order of a table: fid, kid, precision, recall.
std::vector<std::string> default_scores();
/// Throws a usage error for a name that is not known, with the nearest one.
void check_score_name(const std::string& name);
/// True where a score needs a reference.
bool needs_reference(const std::string& score);

/// Scores in the order of `names`. reference: not needed for `is`. Throws a usage error for an
/// unknown name (with the nearest), for what a score needs and a set does not have, for dimensions
/// that differ, and for sets that different networks have seen.
std::vector<Score> score(const JudgedSet& judged, const JudgedSet* reference,
                         const std::vector<std::string>& names, const ScoreOptions& options);

/// The mean over pictures, with a bootstrap interval where one is asked for. values: [n].
Score mean_score(const std::string& name, const at::Tensor& values, const ScoreOptions& options);

/// What a reader must know of the scores: fewer samples than twice the dimension, say. Empty when
/// nothing.
std::vector<std::string> score_warnings(const JudgedSet& judged, const JudgedSet* reference,
                                        const std::vector<std::string>& names);

}  // namespace fdbench
