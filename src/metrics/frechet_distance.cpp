#include "metrics/frechet_distance.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "core/error.h"

namespace fdbench {
namespace {

/// Of the samples, at the first point of the extrapolation.
constexpr double kLeastShare = 0.2;
/// Samples for an extrapolation.
constexpr std::int64_t kFewest = 10;
// Least ratio of a Cholesky factor's pivots: below it the matrix may lack a rank, and the factor
// digits.
constexpr double kLeastPivot = 1e-5;
/// Share of the trace that an eigenvalue may be below 0.
constexpr double kMostNegative = 1e-4;

void check(const Moments& a, const Moments& b) {
  if (a.mean.sizes() != b.mean.sizes()) {
    throw usage_error("features of dimension " + std::to_string(a.mean.numel()) +
                      " and a reference of dimension " + std::to_string(b.mean.numel()));
  }
  for (const Moments* moments : {&a, &b}) {
    const bool finite = at::isfinite(moments->mean).all().item<bool>() &&
                        at::isfinite(moments->covariance).all().item<bool>();
    if (!finite) throw usage_error("mean or covariance of the features is not finite");
  }
}

/// Throws where eigenvalues are negative by more than rounding (of float32, too). scale: what they
/// could be at most.
void check_sign(const at::Tensor& values, double scale) {
  if (values.min().item<double>() >= -kMostNegative * scale) return;
  throw usage_error("a covariance has negative eigenvalues: it is of no features");
}

/// R [d, k] with R R^T = covariance: its Cholesky factor, or for a matrix that lacks a rank (fewer
/// samples than dimensions) the slower V sqrt(L) of its eigenvectors.
at::Tensor root_of(const at::Tensor& covariance) {
  const auto [factor, info] = at::linalg_cholesky_ex(covariance);
  const at::Tensor pivots = factor.diagonal();
  const bool has_all_ranks = info.item<int>() == 0 && pivots.min().item<double>() >
                                                          kLeastPivot * pivots.max().item<double>();
  if (has_all_ranks) return factor;
  const auto [values, vectors] = at::linalg_eigh(covariance);
  check_sign(values, covariance.trace().item<double>());
  return vectors * values.clamp_min(0).sqrt();
}

}  // namespace

double frechet_distance(const Moments& a, const Moments& b, Calls calls) {
  check(a, b);
  // With A = R R^T the eigenvalues of R^T B R are those of A B.
  const at::Tensor root = root_of(a.covariance);
  const at::Tensor product = at::mm(root.t(), at::mm(b.covariance, root));
  const at::Tensor values =
      calls == Calls::kMany ? at::linalg_eigvalsh(product) : std::get<0>(at::linalg_eigh(product));
  const double apart = (a.mean - b.mean).square().sum().item<double>();
  const double traces = (a.covariance.trace() + b.covariance.trace()).item<double>();
  check_sign(values, a.covariance.trace().item<double>() * b.covariance.trace().item<double>());
  const double distance = apart + traces - 2 * values.clamp_min(0).sqrt().sum().item<double>();
  if (!std::isfinite(distance)) {
    throw usage_error("the distance is not finite: the features are too large for float64");
  }
  return std::max(0.0, distance);
}

Extrapolation extrapolated_distance(const at::Tensor& features, const Moments& reference,
                                    int points, std::uint64_t seed) {
  const std::int64_t all = features.size(0);
  if (all < kFewest) {
    throw usage_error("an extrapolation needs at least " + std::to_string(kFewest) +
                      " samples, there are " + std::to_string(all));
  }
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  Extrapolation line;
  double mean_x = 0, mean_y = 0;
  for (int i = 0; i < points; ++i) {
    const double share = kLeastShare + (1 - kLeastShare) * i / std::max(1, points - 1);
    const auto count = std::max<std::int64_t>(2, std::llround(share * static_cast<double>(all)));
    const at::Tensor chosen = at::randperm(all, generator, at::kLong).narrow(0, 0, count);
    line.counts.push_back(count);
    line.distances.push_back(
        frechet_distance(moments_of(features.index_select(0, chosen)), reference, Calls::kMany));
    mean_x += 1.0 / static_cast<double>(count) / points;
    mean_y += line.distances.back() / points;
  }
  double above = 0, below = 0;
  for (int i = 0; i < points; ++i) {
    const double x = 1.0 / static_cast<double>(line.counts[i]) - mean_x;
    above += x * (line.distances[i] - mean_y);
    below += x * x;
  }
  line.value = mean_y - (below > 0 ? above / below : 0) * mean_x;
  return line;
}

}  // namespace fdbench
