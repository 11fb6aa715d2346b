#include "metrics/paired_bootstrap.h"

#include <ATen/CPUGeneratorImpl.h>

#include <utility>
#include <vector>

#include "core/error.h"
#include "metrics/frechet_distance.h"

namespace fdbench {
namespace {

constexpr double kLow = 0.025, kHigh = 0.975;

/// Ends of the 95% interval of the resampled values, moved so that their mean is `value`.
std::pair<double, double> ends(const std::vector<double>& resampled, double value) {
  const at::Tensor all = at::tensor(resampled, at::kDouble);
  const double shift = value - all.mean().item<double>();
  return {all.quantile(kLow).item<double>() + shift, all.quantile(kHigh).item<double>() + shift};
}

}  // namespace

PairedInterval paired_frechet_interval(const at::Tensor& features, const at::Tensor& baseline,
                                       const Moments& reference, int resamples,
                                       std::uint64_t seed) {
  if (baseline.defined() && baseline.sizes() != features.sizes()) {
    throw usage_error("paired sets of features differ in shape: " + c10::str(features.sizes()) +
                      " and " + c10::str(baseline.sizes()));
  }
  const auto distance = [&](const at::Tensor& rows) {
    return frechet_distance(moments_of(rows), reference);
  };
  PairedInterval result;
  const double value = distance(features);
  if (baseline.defined()) result.change = value - distance(baseline);
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  const std::int64_t count = features.size(0);
  std::vector<double> values, changes;
  for (int i = 0; i < resamples; ++i) {
    const at::Tensor chosen = at::randint(count, {count}, generator, at::kLong);
    values.push_back(distance(features.index_select(0, chosen)));
    if (baseline.defined()) {
      changes.push_back(values.back() - distance(baseline.index_select(0, chosen)));
    }
  }
  if (values.size() < 2) return result;
  std::tie(result.low, result.high) = ends(values, value);
  if (baseline.defined()) {
    std::tie(result.change_low, result.change_high) = ends(changes, result.change);
  }
  return result;
}

}  // namespace fdbench
