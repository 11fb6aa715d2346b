// Feature statistics of layer outputs (paper, section 3.2): how much features change from step to
// step.
#pragma once

#include <ATen/ATen.h>

namespace fdbench {

/// Per-picture statistics of one feature map, float64 accumulated.
struct FeatureStatistics {
  /// [n] mean squared change to the previous step, eq. 2; NaN where there is no previous step.
  at::Tensor mse;
  /// [n] Frobenius norm of the channel mean, an (h, w) map (figure 3b).
  at::Tensor frobenius;
  /// [n] mean of the features.
  at::Tensor mean;
  /// [n] standard deviation of the features (population).
  at::Tensor std;
};

/// One pass over the data. features: [n, d, h, w] (or [n, tokens, d]) float32, float16 or bfloat16;
/// previous: the same shape at the previous step, or undefined.
FeatureStatistics feature_statistics(const at::Tensor& features, const at::Tensor& previous);

}  // namespace fdbench
