// Scores of a set of pictures against a reference, by name.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "metrics/inception_score.h"
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
  /// Over splits or subsets, where there are.
  double std = std::numeric_limits<double>::quiet_NaN();
  /// What a reader must know of it: seed and size of subsets; "": nothing.
  std::string remark = {};
};

struct ScoreOptions {
  /// Resamples; 0: no intervals.
  int bootstrap = 0;
  std::uint64_t seed = 0;
  /// Of the order of the pictures in the Inception score's splits; none: as they come.
  std::optional<std::uint32_t> inception_seed = kInceptionSeed;
};

/// What a set is in a comparison.
enum class SetRole { kJudged, kReference };

/// fid, sfid, kid, kid_subsets, cmmd, is, precision, recall, fid_infinity.
std::vector<std::string> score_names();
/// Those that judge by features alone, in the order of a table: fid, kid, precision, recall.
std::vector<std::string> default_scores();
/// Throws a usage error for a name that is not known, with the nearest one.
void check_score_name(const std::string& name);
/// True where a score needs a reference.
bool needs_reference(const std::string& score);

/// True where a score compares features of single pictures.
bool needs_rows(const std::string& score, SetRole role);
/// What the scores, and their intervals where the options want some, are computed from.
WantedArrays wanted_arrays(const std::vector<std::string>& names, SetRole role,
                           const ScoreOptions& options);
/// Throws a usage error where a set does not have what the scores are computed from.
void check_parts(const JudgedSet& set, const std::vector<std::string>& names, SetRole role);
/// Throws a usage error where `count` pictures are too few for one of the scores. set: its name.
void check_count(const std::string& set, std::int64_t count, const std::vector<std::string>& names);
/// Throws a usage error for sets that different networks have seen ("": not known).
void check_networks(const std::string& judged, const std::string& judged_network,
                    const JudgedSet& reference);

/// Scores in the order of `names`. reference: not needed for `is`. Throws a usage error for an
/// unknown name (with the nearest), for what a score needs and a set does not have, for dimensions
/// that differ, and for sets that different networks have seen; a runtime error for a score that is
/// not finite.
std::vector<Score> score(const JudgedSet& judged, const JudgedSet* reference,
                         const std::vector<std::string>& names, const ScoreOptions& options);

/// The mean over pictures, with a bootstrap interval where one is asked for. values: [n].
Score mean_score(const std::string& name, const at::Tensor& values, const ScoreOptions& options);

/// Pictures of a set (0: not known), and numbers that are known of each.
std::int64_t count_of(const JudgedSet& set);
std::int64_t dimension_of(const JudgedSet& set);

/// The one sentence on FID's bias, for `count` pictures in `dimension` features; "" where it does
/// not apply (twice as many pictures as dimensions) or the count is not known (0).
std::string fid_bias_warning(std::int64_t count, std::int64_t dimension);

/// What a reader must know of the scores: fewer samples than twice the dimension, say. Empty when
/// nothing.
std::vector<std::string> score_warnings(const JudgedSet& judged, const JudgedSet* reference,
                                        const std::vector<std::string>& names);

}  // namespace fdbench
