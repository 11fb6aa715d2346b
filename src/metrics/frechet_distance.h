// Frechet distance of features: FID (Heusel et al. 2017), and sFID on spatial features.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "metrics/moments.h"

namespace fdbench {

/// How often the process asks for a distance. The eigenvalue routine that is fastest for many
/// (MKL's two-stage reduction) waits up to a second for a tick of the clock when it is first used.
/// Both agree to rounding.
enum class Calls { kOne, kMany };

/// |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1 C2)^(1/2)), in float64. The square root's trace is that
/// of (A C2 A)^(1/2) with A = C1^(1/2), which is symmetric, so that eigenvalues suffice and
/// covariances of deficient rank (fewer samples than dimensions) are not a special case:
/// eigenvalues below 0 by rounding count as 0, and so does a distance below 0. Throws a usage error
/// where dimensions differ, a value or the distance is not finite, and where a covariance has
/// negative eigenvalues beyond rounding.
double frechet_distance(const Moments& a, const Moments& b, Calls calls = Calls::kOne);

/// What the distance would be with infinitely many samples (Chong and Forsyth 2020): the distance
/// falls about linearly in 1/n, so it is measured for `points` numbers of samples between a fifth
/// of them and all, each drawn without replacement, and a line is laid through it.
struct Extrapolation {
  /// At 1/n = 0
  double value = 0;
  /// Samples of each point.
  std::vector<std::int64_t> counts;
  /// At each point.
  std::vector<double> distances;
};
Extrapolation extrapolated_distance(const at::Tensor& features, const Moments& reference,
                                    int points, std::uint64_t seed);

}  // namespace fdbench
