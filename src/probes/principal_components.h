// Principal components of a layer's features over its channels, one fit for all steps: the pictures
// of the paper's figures 2, 10 and 12.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

inline constexpr std::int64_t kNumComponents = 3;

struct PrincipalComponents {
  /// By step, [3, axes...] float64: the features, less their mean over all steps and positions,
  /// along the three leading components. Undefined for steps without features.
  std::vector<at::Tensor> scores;
  /// [3] float64, share of the variance that each explains.
  at::Tensor explained;
};

/// features: by step, [d, axes...] float32 of the same shape, or undefined. One sample is one
/// position at one step. Exact: eigenvectors of the channels' covariance (Eigen), in float64. A
/// component's sign makes its largest entry positive, so that colours mean the same at every step
/// and in every run of the program. With d < 3 what is missing is 0.
PrincipalComponents principal_components(const std::vector<at::Tensor>& features);

/// The scores as colours, [T, h, w, 3] uint8: red, green and blue are the components, each from its
/// 1st to its 99th percentile over all steps. Black for steps without features. Scores of one axis
/// are a picture of one row.
at::Tensor colours_of(const PrincipalComponents& components);

}  // namespace fdbench
