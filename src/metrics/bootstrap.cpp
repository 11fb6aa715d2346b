#include "metrics/bootstrap.h"

#include <ATen/CPUGeneratorImpl.h>

#include <limits>

#include "core/error.h"
#include "metrics/frechet_distance.h"

namespace fdbench {

Resampler::Resampler(std::int64_t num_rows, std::uint64_t seed)
    : num_rows_(num_rows), generator_(at::detail::createCPUGenerator(seed)) {}

at::Tensor Resampler::next() { return at::randint(num_rows_, {num_rows_}, generator_, at::kLong); }

Interval percentile_interval(const at::Tensor& values) {
  return {values.quantile(0.025).item<double>(), values.quantile(0.975).item<double>()};
}

Interval interval_around(double value, const std::vector<double>& resampled) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (resampled.size() < 2) return {kNan, kNan};
  const at::Tensor all = at::tensor(resampled, at::kDouble);
  if (!at::isfinite(all).all().item<bool>()) {
    throw runtime_error("a bootstrap interval of scores that are not numbers");
  }
  const double shift = value - all.mean().item<double>();
  const Interval interval = percentile_interval(all);
  return {interval.low + shift, interval.high + shift};
}

std::vector<double> resampled_frechet_distances(const at::Tensor& features,
                                                const Moments& reference, int resamples,
                                                std::uint64_t seed,
                                                const std::function<void(int)>& done) {
  Resampler resampler(features.size(0), seed);
  std::vector<double> distances;
  for (int i = 0; i < resamples; ++i) {
    const at::Tensor drawn = features.index_select(0, resampler.next());
    distances.push_back(frechet_distance(moments_of(drawn), reference, Calls::kMany));
    if (done) done(i + 1);
  }
  return distances;
}

std::vector<double> differences(const std::vector<double>& after,
                                const std::vector<double>& before) {
  if (after.size() != before.size()) {
    throw usage_error("no pairs: " + std::to_string(after.size()) + " and " +
                      std::to_string(before.size()) + " resamples");
  }
  std::vector<double> result;
  for (std::size_t i = 0; i < after.size(); ++i) result.push_back(after[i] - before[i]);
  return result;
}

}  // namespace fdbench
