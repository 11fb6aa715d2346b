// Group normalisation with what surrounds it in a resnet block, in one pass over channels-last
// memory.
#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "kernels/activation.h"

namespace fdbench {

/// What is normalised: x, plus what belongs to the same pixels. A tensor of a smaller batch stands
/// for its repetition.
struct GroupNormInput {
  /// [n, c, h, w].
  at::Tensor x;
  /// [m, c2, h, w]: further channels behind those of x; may be undefined.
  at::Tensor channels;
  /// [m, c, h, w]: added to x; may be undefined.
  at::Tensor partial;
  /// [m, c]: added to every pixel of x; may be undefined.
  at::Tensor shift;
};

/// act(group_norm(cat(x + partial + shift, channels))): [n, c + c2, h, w], channels last on the
/// CPU. weight, bias: [c + c2]; activation: none for plain normalisation. Moments in double
/// precision.
at::Tensor group_norm(const GroupNormInput& input, std::int64_t groups, const at::Tensor& weight,
                      const at::Tensor& bias, double eps, std::optional<Activation> activation);

}  // namespace fdbench
