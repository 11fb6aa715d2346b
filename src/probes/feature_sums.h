// The one pass over a picture's features: every sum that the statistics need, in float64.
#pragma once

#include <cstdint>
#include <span>

namespace fdbench {

struct FeatureSums {
  double sum = 0;
  double sum_of_squares = 0;
  /// Sum of squared differences to the previous step; 0 without one.
  double squared_change = 0;
  /// Sum over the pixels of (sum over the channels)^2.
  double squared_map = 0;
};

/// values, previous (may be nullptr): channels * pixels numbers, channel by channel, or pixel by
/// pixel where `channels_last`. map: scratch for one number a pixel.
FeatureSums feature_sums(const float* values, const float* previous, std::int64_t channels,
                         std::int64_t pixels, bool channels_last, std::span<double> map);

}  // namespace fdbench
