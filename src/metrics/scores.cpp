#include "metrics/scores.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <array>

#include "core/error.h"
#include "metrics/bootstrap.h"
#include "metrics/frechet_distance.h"
#include "metrics/inception_score.h"
#include "metrics/kernel_distance.h"
#include "metrics/precision_recall.h"

namespace fdbench {
namespace {

constexpr int kPoints = 15;                       // of the extrapolation
constexpr int kSubsets = 100;                     // as torch-fidelity
constexpr std::int64_t kSubsetSize = 1000;        // as torch-fidelity
constexpr double kLow = 0.025, kHigh = 0.975;     // percentiles of an interval
constexpr std::int64_t kSamplesPerDimension = 2;  // below it a covariance is poor

/// What a score is computed from: the judged set with these features in place of its own.
struct Pair {
  const JudgedSet& judged;
  const Features& features;
  const JudgedSet* reference;
  const ScoreOptions& options;
  /// Both come from one pass; kept for the second that is asked for.
  std::optional<PrecisionRecall> manifolds = {};
};

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

bool is_resample(const Pair& pair) { return &pair.features != &pair.judged.features; }

/// Of a resample its own, else what the set knows of itself.
Moments own_moments(const Pair& pair, const at::Tensor& rows, const std::optional<Moments>& known,
                    const std::string& score, const char* mean) {
  if (is_resample(pair) && rows.defined()) return moments_of(rows);
  return moments_in(known, pair.judged, score, mean);
}

double distance(const Pair& pair, const Moments& own, const std::optional<Moments>& reference,
                const char* score, const char* mean) {
  return frechet_distance(own, moments_in(reference, *pair.reference, score, mean),
                          is_resample(pair) ? Calls::kMany : Calls::kOne);
}

Score fid(Pair& pair) {
  const Moments own = own_moments(pair, pair.features.pooled, pair.judged.moments, "fid", "mu");
  return {"fid", distance(pair, own, pair.reference->moments, "fid", "mu")};
}

Score sfid(Pair& pair) {
  const Moments own =
      own_moments(pair, pair.features.spatial, pair.judged.spatial_moments, "sfid", "mu_s");
  return {"sfid", distance(pair, own, pair.reference->spatial_moments, "sfid", "mu_s")};
}

const at::Tensor& rows_of(const Pair& pair, const char* score) {
  return given(pair.features.pooled, pair.judged, score, "features");
}
const at::Tensor& reference_rows(const Pair& pair, const char* score) {
  return given(pair.reference->features.pooled, *pair.reference, score, "features");
}

Score kid(Pair& pair) {
  return {"kid", kernel_inception_distance(rows_of(pair, "kid"), reference_rows(pair, "kid"))};
}

Score kid_subsets(Pair& pair) {
  const at::Tensor& a = rows_of(pair, "kid_subsets");
  const at::Tensor& b = reference_rows(pair, "kid_subsets");
  const std::int64_t size = std::min({kSubsetSize, a.size(0), b.size(0)});
  const SubsetDistance distance = subset_kernel_distance(a, b, kSubsets, size, pair.options.seed);
  Score score{"kid_subsets", distance.mean};
  score.std = distance.std;
  return score;
}

Score cmmd(Pair& pair) {
  return {"cmmd",
          clip_maximum_mean_discrepancy(rows_of(pair, "cmmd"), reference_rows(pair, "cmmd"))};
}

Score is(Pair& pair) {
  const InceptionScore found =
      inception_score(given(pair.features.logits, pair.judged, "is", "logits"));
  Score score{"is", found.mean};
  score.std = found.std;
  return score;
}

const PrecisionRecall& manifolds(Pair& pair, const char* score) {
  if (!pair.manifolds) {
    pair.manifolds = precision_recall(rows_of(pair, score), reference_rows(pair, score));
  }
  return *pair.manifolds;
}

Score precision_score(Pair& pair) { return {"precision", manifolds(pair, "precision").precision}; }

Score recall_score(Pair& pair) { return {"recall", manifolds(pair, "recall").recall}; }

Score fid_infinity(Pair& pair) {
  const Moments& reference =
      moments_in(pair.reference->moments, *pair.reference, "fid_infinity", "mu");
  return {"fid_infinity", extrapolated_distance(rows_of(pair, "fid_infinity"), reference, kPoints,
                                                pair.options.seed)
                              .value};
}

struct Metric {
  const char* name;
  Score (*compute)(Pair& pair);
};
constexpr std::array kMetrics = {Metric{"fid", fid},
                                 Metric{"sfid", sfid},
                                 Metric{"kid", kid},
                                 Metric{"kid_subsets", kid_subsets},
                                 Metric{"cmmd", cmmd},
                                 Metric{"is", is},
                                 Metric{"precision", precision_score},
                                 Metric{"recall", recall_score},
                                 Metric{"fid_infinity", fid_infinity}};

const Metric& metric_named(const std::string& name) {
  for (const Metric& metric : kMetrics) {
    if (name == metric.name) return metric;
  }
  throw usage_error("metric '" + name + "' is not known" + advice(name, score_names()));
}

Features resampled(const Features& features, const at::Tensor& chosen) {
  const auto pick = [&](const at::Tensor& rows) {
    return rows.defined() ? rows.index_select(0, chosen) : at::Tensor();
  };
  return {pick(features.pooled), pick(features.spatial), pick(features.logits)};
}

/// Resamples of the judged pictures, the same for each score.
void add_intervals(std::vector<Score>& scores, const std::vector<const Metric*>& metrics,
                   const Pair& pair) {
  if (!pair.features.pooled.defined() || pair.options.bootstrap < 2) return;
  const at::Generator generator = at::detail::createCPUGenerator(pair.options.seed);
  const std::int64_t count = pair.features.pooled.size(0);
  std::vector<std::vector<double>> values(metrics.size());
  for (int i = 0; i < pair.options.bootstrap; ++i) {
    const at::Tensor chosen = at::randint(count, {count}, generator, at::kLong);
    const Features features = resampled(pair.features, chosen);
    Pair resample{pair.judged, features, pair.reference, pair.options};
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      values[m].push_back(metrics[m]->compute(resample).value);
    }
  }
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const ScoreInterval interval = interval_around(scores[m].value, values[m]);
    scores[m].low = interval.low;
    scores[m].high = interval.high;
  }
}

void check_networks(const JudgedSet& judged, const JudgedSet& reference) {
  if (judged.network.empty() || reference.network.empty() || judged.network == reference.network) {
    return;
  }
  throw usage_error({judged.name},
                    "was seen by another network or with another resize than the reference " +
                        reference.name + ": their scores mean nothing");
}

}  // namespace

std::vector<std::string> score_names() {
  std::vector<std::string> names;
  for (const Metric& metric : kMetrics) names.emplace_back(metric.name);
  return names;
}

std::vector<std::string> default_scores() { return {"fid", "kid", "precision", "recall"}; }

void check_score_name(const std::string& name) { metric_named(name); }

bool needs_reference(const std::string& score) { return score != "is"; }

std::vector<Score> score(const JudgedSet& judged, const JudgedSet* reference,
                         const std::vector<std::string>& names, const ScoreOptions& options) {
  if (reference != nullptr) check_networks(judged, *reference);
  std::vector<Score> scores;
  std::vector<const Metric*> metrics;
  Pair pair{judged, judged.features, reference, options};
  for (const std::string& name : names) {
    if (needs_reference(name) && reference == nullptr) {
      throw usage_error("metric '" + name + "' needs --reference");
    }
    metrics.push_back(&metric_named(name));
    scores.push_back(metrics.back()->compute(pair));
  }
  add_intervals(scores, metrics, pair);
  return scores;
}

Score mean_score(const std::string& name, const at::Tensor& values, const ScoreOptions& options) {
  Score score{name, values.mean().item<double>()};
  if (options.bootstrap < 2) return score;
  const at::Generator generator = at::detail::createCPUGenerator(options.seed);
  const std::int64_t count = values.size(0);
  const at::Tensor chosen = at::randint(count, {options.bootstrap, count}, generator, at::kLong);
  const at::Tensor means = values.index({chosen}).mean(1);
  score.low = means.quantile(kLow).item<double>();
  score.high = means.quantile(kHigh).item<double>();
  return score;
}

std::vector<std::string> score_warnings(const JudgedSet& judged, const JudgedSet* reference,
                                        const std::vector<std::string>& names) {
  std::vector<std::string> warnings;
  const bool fits_gaussians = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find("fid") != std::string::npos;
  });
  if (!fits_gaussians) return warnings;
  for (const JudgedSet* set : {&judged, reference}) {
    if (set == nullptr || !set->features.pooled.defined()) continue;
    const std::int64_t count = set->features.pooled.size(0), d = set->features.pooled.size(1);
    if (count >= kSamplesPerDimension * d) continue;
    warnings.push_back(set->name + ": " + std::to_string(count) + " pictures for " +
                       std::to_string(d) +
                       " dimensions; FID is biased upward, compare only at the same n");
  }
  return warnings;
}

}  // namespace fdbench
