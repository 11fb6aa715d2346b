#include "metrics/bootstrap.h"

#include <ATen/CPUGeneratorImpl.h>

#include <limits>

#include "core/error.h"
#include "metrics/frechet_distance.h"

namespace fdbench {
namespace {

constexpr double kLow = 0.025, kHigh = 0.975;

}  // namespace

ScoreInterval interval_around(double value, const std::vector<double>& resampled) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  if (resampled.size() < 2) return {kNan, kNan};
  const at::Tensor all = at::tensor(resampled, at::kDouble);
  if (!at::isfinite(all).all().item<bool>()) {
    throw runtime_error("a bootstrap interval of scores that are not numbers");
  }
  const double shift = value - all.mean().item<double>();
  return {all.quantile(kLow).item<double>() + shift, all.quantile(kHigh).item<double>() + shift};
}

std::vector<double> resampled_frechet_distances(const at::Tensor& features,
                                                const Moments& reference, int resamples,
                                                std::uint64_t seed,
                                                const std::function<void(int)>& done) {
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  const std::int64_t count = features.size(0);
  std::vector<double> distances;
  for (int i = 0; i < resamples; ++i) {
    const at::Tensor chosen = at::randint(count, {count}, generator, at::kLong);
    distances.push_back(
        frechet_distance(moments_of(features.index_select(0, chosen)), reference, Calls::kMany));
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
