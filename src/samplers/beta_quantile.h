// Quantiles of the symmetric Beta distribution.
#pragma once

namespace fdbench {

/// x with P(X <= x) = probability for X ~ Beta(shape, shape), to about 1e-14; 0 and 1 at the ends
/// (and beyond). shape: greater than 0. The incomplete beta function is the continued fraction of
/// Abramowitz and Stegun, 26.5.8.
double beta_quantile(double probability, double shape);

}  // namespace fdbench
