// Intervals of a Frechet distance, and of its difference between two sets of pictures of the same
// prompts and seeds.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <limits>

#include "metrics/moments.h"

namespace fdbench {

struct PairedInterval {
  double low = std::numeric_limits<double>::quiet_NaN(), high = low;  // 95%, of the distance itself
  double change = low;                         // distance of `features` - distance of `baseline`
  double change_low = low, change_high = low;  // 95%, by resampling pairs
};

/// Percentile bootstrap over `resamples` draws of rows, the same rows of both sets in each draw, so
/// that what prompts have in common cancels. A resample holds pictures twice, which biases
/// distances upward: intervals are moved so that their mean is the value. features: [n, d];
/// baseline: [n, d], undefined: no change. Throws a usage error for sets of different sizes.
PairedInterval paired_frechet_interval(const at::Tensor& features, const at::Tensor& baseline,
                                       const Moments& reference, int resamples, std::uint64_t seed);

}  // namespace fdbench
