#include "metrics/scores.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "metrics/bootstrap.h"
#include "metrics/score_table.h"

namespace fdbench {
namespace {

/// Below it a covariance is poor.
constexpr std::int64_t kSamplesPerDimension = 2;

/// Runs an action; a fault without a place is given the judged set's.
template <typename Action>
auto at_set(const JudgedSet& judged, const Action& action) {
  try {
    return action();
  } catch (const Error& error) {
    if (!error.place().file.empty()) throw;
    throw error.moved_to({judged.name});
  }
}

Features resampled(const Features& features, const at::Tensor& chosen) {
  const auto pick = [&](const at::Tensor& rows) {
    return rows.defined() ? rows.index_select(0, chosen) : at::Tensor();
  };
  return {pick(features.pooled), pick(features.spatial), pick(features.logits)};
}

/// Resamples of the judged pictures, the same for each score.
void add_intervals(std::vector<Score>& scores, const std::vector<const Metric*>& metrics,
                   const ScorePair& pair) {
  if (!pair.features.pooled.defined() || pair.options.bootstrap < 2) return;
  Resampler resampler(pair.features.pooled.size(0), pair.options.seed);
  std::vector<std::vector<double>> values(metrics.size());
  for (int i = 0; i < pair.options.bootstrap; ++i) {
    const Features features = resampled(pair.features, resampler.next());
    ScorePair resample{pair.judged, features, pair.reference, pair.options};
    for (std::size_t m = 0; m < metrics.size(); ++m) {
      values[m].push_back(metrics[m]->compute(resample).value);
    }
  }
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    const Interval interval = interval_around(scores[m].value, values[m]);
    scores[m].low = interval.low;
    scores[m].high = interval.high;
  }
}

Part part_of(const std::string& score, SetRole role) {
  const Metric& metric = metric_named(score);
  return role == SetRole::kJudged ? metric.own : metric.reference;
}

void check_value(const Score& score, const JudgedSet& judged) {
  if (std::isfinite(score.value)) return;
  throw runtime_error({judged.name}, score.name +
                                         " is not a finite number: the features are too large "
                                         "for float64, or their differences are");
}

}  // namespace

void check_networks(const std::string& judged, const std::string& judged_network,
                    const JudgedSet& reference) {
  if (judged_network.empty() || reference.network.empty() || judged_network == reference.network) {
    return;
  }
  throw usage_error({judged},
                    "was seen by another network or with another resize than the reference " +
                        reference.name + ": their scores mean nothing");
}

WantedArrays wanted_arrays(const std::vector<std::string>& names, SetRole role,
                           const ScoreOptions& options) {
  const bool is_resampled = options.bootstrap > 1 && role == SetRole::kJudged;
  WantedArrays wanted{.features = false, .moments = false, .spatial = false, .logits = false};
  for (const std::string& name : names) {
    const Part part = part_of(name, role);
    wanted.features |= part == Part::kRows || is_resampled;
    wanted.moments |= part == Part::kMoments;
    wanted.spatial |= part == Part::kSpatialMoments;
    wanted.logits |= part == Part::kLogits;
  }
  return wanted;
}

void check_parts(const JudgedSet& set, const std::vector<std::string>& names, SetRole role) {
  for (const std::string& name : names) {
    const Part part = part_of(name, role);
    const Features& features = set.features;
    if (part == Part::kMoments) moments_in(set.moments, set, name, "mu");
    if (part == Part::kSpatialMoments) moments_in(set.spatial_moments, set, name, "mu_s");
    if (part == Part::kRows)
      check_count(set.name, given(features.pooled, set, name, "features").size(0), {name});
    if (part == Part::kLogits)
      check_count(set.name, given(features.logits, set, name, "logits").size(0), {name});
  }
}

void check_count(const std::string& set, std::int64_t count,
                 const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::int64_t fewest = metric_named(name).fewest;
    if (count >= fewest) continue;
    throw usage_error({set}, name + " needs at least " + std::to_string(fewest) +
                                 " pictures, there " + (count == 1 ? "is " : "are ") +
                                 std::to_string(count));
  }
}

bool needs_rows(const std::string& score, SetRole role) {
  return part_of(score, role) == Part::kRows;
}

std::vector<std::string> score_names() {
  std::vector<std::string> names;
  for (const Metric& metric : all_metrics()) names.emplace_back(metric.name);
  return names;
}

std::vector<std::string> default_scores() { return {"fid", "kid", "precision", "recall"}; }

void check_score_name(const std::string& name) { metric_named(name); }

bool needs_reference(const std::string& score) { return score != "is"; }

std::vector<Score> score(const JudgedSet& judged, const JudgedSet* reference,
                         const std::vector<std::string>& names, const ScoreOptions& options) {
  if (reference != nullptr) check_networks(judged.name, judged.network, *reference);
  std::vector<Score> scores;
  std::vector<const Metric*> metrics;
  ScorePair pair{judged, judged.features, reference, options};
  for (const std::string& name : names) {
    if (needs_reference(name) && reference == nullptr) {
      throw usage_error("metric '" + name + "' needs --reference");
    }
    metrics.push_back(&metric_named(name));
    scores.push_back(at_set(judged, [&] { return metrics.back()->compute(pair); }));
    check_value(scores.back(), judged);
  }
  add_intervals(scores, metrics, pair);
  return scores;
}

Score mean_score(const std::string& name, const at::Tensor& values, const ScoreOptions& options) {
  Score score{name, values.mean().item<double>()};
  if (options.bootstrap < 2) return score;
  Resampler resampler(values.size(0), options.seed);
  std::vector<at::Tensor> draws;
  for (int i = 0; i < options.bootstrap; ++i) draws.push_back(resampler.next());
  const at::Tensor means = values.index({at::stack(draws)}).mean(1);
  const Interval interval = percentile_interval(means);
  score.low = interval.low;
  score.high = interval.high;
  return score;
}

std::int64_t count_of(const JudgedSet& set) {
  for (const at::Tensor* rows : {&set.features.pooled, &set.features.logits}) {
    if (rows->defined()) return rows->size(0);
  }
  return set.moments ? set.moments->count : 0;
}

std::int64_t dimension_of(const JudgedSet& set) {
  if (set.features.pooled.defined()) return set.features.pooled.size(1);
  return set.moments ? set.moments->mean.numel() : 0;
}

std::string fid_bias_warning(std::int64_t count, std::int64_t dimension) {
  if (count <= 0 || count >= kSamplesPerDimension * dimension) return "";
  return std::to_string(count) + " pictures for " + std::to_string(dimension) +
         " dimensions; FID is biased upward, compare only at the same n";
}

std::vector<std::string> score_warnings(const JudgedSet& judged, const JudgedSet* reference,
                                        const std::vector<std::string>& names) {
  std::vector<std::string> warnings;
  const bool fits_gaussians = std::any_of(names.begin(), names.end(), [](const std::string& name) {
    return name.find("fid") != std::string::npos;
  });
  if (!fits_gaussians) return warnings;
  for (const JudgedSet* set : {&judged, reference}) {
    if (set == nullptr) continue;
    const std::string warning = fid_bias_warning(count_of(*set), dimension_of(*set));
    if (!warning.empty()) warnings.push_back(set->name + ": " + warning);
  }
  return warnings;
}

}  // namespace fdbench
