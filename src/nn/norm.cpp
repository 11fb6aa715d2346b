#include "nn/norm.h"

#include "core/error.h"

namespace fdbench {
namespace {

std::int64_t checked_groups(const WeightScope& scope, std::int64_t channels, std::int64_t groups) {
  if (channels % groups == 0) return groups;
  throw usage_error("norm_num_groups " + std::to_string(groups) + " does not divide the " +
                    std::to_string(channels) + " channels of " + scope.prefix());
}

}  // namespace

GroupNorm::GroupNorm(const WeightScope& scope, std::int64_t channels, std::int64_t groups,
                     double eps)
    : weight(scope.take("weight", {channels})),
      bias(scope.take("bias", {channels})),
      groups(checked_groups(scope, channels, groups)),
      eps(eps) {}

GroupNorm GroupNorm::slice(std::int64_t first, std::int64_t end) const {
  const std::int64_t width = weight.size(0) / groups;
  GroupNorm part = *this;
  part.weight = weight.slice(0, first * width, end * width);
  part.bias = bias.slice(0, first * width, end * width);
  part.groups = end - first;
  return part;
}

LayerNorm::LayerNorm(const WeightScope& scope, std::int64_t channels, double eps)
    : weight(scope.take("weight", {channels})), bias(scope.take("bias", {channels})), eps(eps) {}

}  // namespace fdbench
