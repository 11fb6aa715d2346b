// How alike a layer's features of different steps are: how far a key step reaches.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace fdbench {

/// Both [T, T] float64 of one picture; NaN for steps without features.
struct StepSimilarity {
  /// Cosine of the features of two steps, all channels and positions as one vector (its mean is not
  /// taken off). NaN where one is all zeros.
  at::Tensor cosine;
  /// [s, t] = |f_s - f_t| / |f_s|: what is wrong at step s where the features of step t stand in.
  at::Tensor distance;
};

/// features: by step, [d, axes...] float32 of the same shape, or undefined. Products in float64.
StepSimilarity step_similarity(const std::vector<at::Tensor>& features);

}  // namespace fdbench
