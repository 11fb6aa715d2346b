// Mean and covariance of features, over batches.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace fdbench {

/// A Gaussian fitted to features.
struct Moments {
  /// [d] float64.
  at::Tensor mean;
  /// [d, d] float64, unbiased (divided by n - 1).
  at::Tensor covariance;
  /// Samples; 0: not known.
  std::int64_t count = 0;
};

/// Adds batches up without keeping them (Chan, Golub and LeVeque 1983), in float64.
class RunningMoments {
 public:
  /// features: [n, d], any float type. Throws a usage error where d is another than before.
  void add(const at::Tensor& features);
  /// Throws a usage error for fewer than two samples.
  Moments moments() const;
  std::int64_t count() const { return count_; }

 private:
  std::int64_t count_ = 0;
  /// [d].
  at::Tensor mean_;
  /// [d, d]: sum of (x - mean)(x - mean)^T, up to the diagonal's panels.
  at::Tensor scatter_;
};

/// Of all features at once: [n, d].
Moments moments_of(const at::Tensor& features);

}  // namespace fdbench
