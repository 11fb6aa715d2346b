#include "metrics/score_table.h"

#include <algorithm>
#include <array>

#include "metrics/frechet_distance.h"
#include "metrics/inception_score.h"
#include "metrics/kernel_distance.h"

namespace fdbench {
namespace {

/// Of the extrapolation.
constexpr int kPoints = 15;
/// As torch-fidelity.
constexpr int kSubsets = 100;
/// As torch-fidelity.
constexpr std::int64_t kSubsetSize = 1000;

bool is_resample(const ScorePair& pair) { return &pair.features != &pair.judged.features; }

/// Of a resample its own, else what the set knows of itself.
Moments own_moments(const ScorePair& pair, const at::Tensor& rows,
                    const std::optional<Moments>& known, const std::string& score,
                    const char* mean) {
  if (is_resample(pair) && rows.defined()) return moments_of(rows);
  return moments_in(known, pair.judged, score, mean);
}

/// Throws for a row of zeros, which has no direction.
void check_directions(const at::Tensor& rows, const JudgedSet& set, const char* score) {
  const at::Tensor zero = rows.eq(0).all(1);
  if (!zero.any().item<bool>()) return;
  throw usage_error({set.name},
                    row_text(set, first_true(zero)) + " of the features " + c10::str(rows.sizes()) +
                        " is all zeros: it has no direction, which " + score + " compares");
}

double distance(const ScorePair& pair, const Moments& own, const std::optional<Moments>& reference,
                const char* score, const char* mean) {
  return frechet_distance(own, moments_in(reference, *pair.reference, score, mean),
                          is_resample(pair) ? Calls::kMany : Calls::kOne);
}

Score fid(ScorePair& pair) {
  const Moments own = own_moments(pair, pair.features.pooled, pair.judged.moments, "fid", "mu");
  return {"fid", distance(pair, own, pair.reference->moments, "fid", "mu")};
}

Score sfid(ScorePair& pair) {
  const Moments own =
      own_moments(pair, pair.features.spatial, pair.judged.spatial_moments, "sfid", "mu_s");
  return {"sfid", distance(pair, own, pair.reference->spatial_moments, "sfid", "mu_s")};
}

const at::Tensor& rows_of(const ScorePair& pair, const char* score) {
  return given(pair.features.pooled, pair.judged, score, "features");
}
const at::Tensor& reference_rows(const ScorePair& pair, const char* score) {
  return given(pair.reference->features.pooled, *pair.reference, score, "features");
}

Score kid(ScorePair& pair) {
  return {"kid", kernel_inception_distance(rows_of(pair, "kid"), reference_rows(pair, "kid"))};
}

Score kid_subsets(ScorePair& pair) {
  const at::Tensor& a = rows_of(pair, "kid_subsets");
  const at::Tensor& b = reference_rows(pair, "kid_subsets");
  const std::int64_t size = std::min({kSubsetSize, a.size(0), b.size(0)});
  const SubsetDistance distance = subset_kernel_distance(a, b, kSubsets, size, pair.options.seed);
  Score score{"kid_subsets", distance.mean};
  score.remark = std::to_string(kSubsets) + " subsets of " + std::to_string(size) + " pictures";
  if (size < kSubsetSize) score.remark += " (" + std::to_string(kSubsetSize) + " do not fit)";
  if (a.size(0) == size && b.size(0) == size) {
    score.remark += ", each subset is the whole set: no deviation";
  } else {
    score.std = distance.std;
  }
  return score;
}

Score cmmd(ScorePair& pair) {
  const at::Tensor &own = rows_of(pair, "cmmd"), &reference = reference_rows(pair, "cmmd");
  check_directions(own, pair.judged, "cmmd");
  check_directions(reference, *pair.reference, "cmmd");
  return {"cmmd", clip_maximum_mean_discrepancy(own, reference)};
}

Score is(ScorePair& pair) {
  const at::Tensor& logits = given(pair.features.logits, pair.judged, "is", "logits");
  const std::optional<std::uint32_t> seed = pair.options.inception_seed;
  const InceptionScore found = inception_score(logits, seed);
  Score score{"is", found.mean};
  score.std = found.std;
  score.remark = std::to_string(kInceptionSplits) + " splits of the pictures " +
                 (seed ? "shuffled by seed " + std::to_string(*seed) : "in their order");
  return score;
}

const PrecisionRecall& manifolds(ScorePair& pair, const char* score) {
  if (!pair.manifolds) {
    pair.manifolds = precision_recall(rows_of(pair, score), reference_rows(pair, score));
  }
  return *pair.manifolds;
}

Score precision_score(ScorePair& pair) {
  return {"precision", manifolds(pair, "precision").precision};
}

Score recall_score(ScorePair& pair) { return {"recall", manifolds(pair, "recall").recall}; }

Score fid_infinity(ScorePair& pair) {
  const Moments& reference =
      moments_in(pair.reference->moments, *pair.reference, "fid_infinity", "mu");
  return {"fid_infinity", extrapolated_distance(rows_of(pair, "fid_infinity"), reference, kPoints,
                                                pair.options.seed)
                              .value};
}

constexpr std::array kMetrics = {
    Metric{"fid", fid, Part::kMoments, Part::kMoments, 2},
    Metric{"sfid", sfid, Part::kSpatialMoments, Part::kSpatialMoments, 2},
    Metric{"kid", kid, Part::kRows, Part::kRows, 2},
    Metric{"kid_subsets", kid_subsets, Part::kRows, Part::kRows, 2},
    Metric{"cmmd", cmmd, Part::kRows, Part::kRows, 2},
    Metric{"is", is, Part::kLogits, Part::kNothing, kInceptionSplits},
    Metric{"precision", precision_score, Part::kRows, Part::kRows, 4},
    Metric{"recall", recall_score, Part::kRows, Part::kRows, 4},
    Metric{"fid_infinity", fid_infinity, Part::kRows, Part::kMoments, 10}};

}  // namespace

std::span<const Metric> all_metrics() { return kMetrics; }

const Metric& metric_named(const std::string& name) {
  for (const Metric& metric : kMetrics) {
    if (name == metric.name) return metric;
  }
  throw usage_error("metric '" + name + "' is not known" + advice(name, score_names()));
}

const at::Tensor& given(const at::Tensor& rows, const JudgedSet& set, const std::string& score,
                        const char* array) {
  if (rows.defined()) return rows;
  throw usage_error({set.name}, score + " needs '" + array +
                                    "' of each picture, which this file "
                                    "does not hold");
}

const Moments& moments_in(const std::optional<Moments>& moments, const JudgedSet& set,
                          const std::string& score, const char* mean) {
  if (moments) return *moments;
  throw usage_error({set.name},
                    score + " needs at least 2 pictures, or '" + mean + "' and its covariance");
}

}  // namespace fdbench
