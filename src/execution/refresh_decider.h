// The rule of first-block caching as it decides during the run.
#pragma once

#include <ATen/ATen.h>

#include <utility>

#include "plan/plan.h"

namespace fdbench {

/// Decides step after step of one picture.
class RefreshDecider {
 public:
  explicit RefreshDecider(AdaptiveRefresh rule) : rule_(std::move(rule)) {}

  /// True when the step is to compute everything: mean|r - r'| / mean|r'| > threshold, with r the
  /// first block's residual (output less input, or the output where their shapes differ) and r'
  /// that of the last step that computed everything. head_input, head_output: [m, C, H, W].
  bool refreshes(int step, const at::Tensor& head_input, const at::Tensor& head_output);

 private:
  AdaptiveRefresh rule_;
  at::Tensor residual_;
  int run_ = 0;  // steps in a row that reused
};

}  // namespace fdbench
