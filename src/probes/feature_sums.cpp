#include "probes/feature_sums.h"

#include <algorithm>
#include <array>

// The loops below are plain, so that the compiler vectorises them; on x86 they are compiled twice,
// because the baseline lacks AVX2, and the better one is taken where the CPU has it.
#if defined(__x86_64__) && defined(__GNUC__)
#define FDBENCH_AVX2 __attribute__((target("avx2,fma")))
#define FDBENCH_INLINE inline __attribute__((always_inline))
#else
#define FDBENCH_INLINE inline
#endif

namespace fdbench {
namespace {

/// Sums are kept in this many parts: the compiler may not reorder floating-point additions, so one
/// sum would be a chain.
constexpr std::int64_t kLanes = 16;
using Lanes = std::array<double, kLanes>;

FDBENCH_INLINE double total(const Lanes& lanes) {
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

struct LaneSums {
  Lanes squares = {}, changes = {};
};

template <bool kHasPrevious>
FDBENCH_INLINE void add(LaneSums& sums, std::int64_t lane, double value, float previous) {
  sums.squares[lane] += value * value;
  if constexpr (kHasPrevious) {
    const double change = value - static_cast<double>(previous);
    sums.changes[lane] += change * change;
  }
}

/// Values of one channel: adds them to the map.
template <bool kHasPrevious>
FDBENCH_INLINE void add_channel(LaneSums& sums, const float* values, const float* previous,
                                std::int64_t count, double* map) {
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      map[i + lane] += value;
      add<kHasPrevious>(sums, lane, value, kHasPrevious ? previous[i + lane] : 0.0F);
    }
  }
  for (; i < count; ++i) {
    map[i] += values[i];
    add<kHasPrevious>(sums, 0, values[i], kHasPrevious ? previous[i] : 0.0F);
  }
}

/// Values of one pixel -> their sum.
template <bool kHasPrevious>
FDBENCH_INLINE double add_pixel(LaneSums& sums, const float* values, const float* previous,
                                std::int64_t count) {
  Lanes parts = {};
  std::int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      const double value = values[i + lane];
      parts[lane] += value;
      add<kHasPrevious>(sums, lane, value, kHasPrevious ? previous[i + lane] : 0.0F);
    }
  }
  for (; i < count; ++i) {
    parts[0] += values[i];
    add<kHasPrevious>(sums, 0, values[i], kHasPrevious ? previous[i] : 0.0F);
  }
  return total(parts);
}

template <bool kHasPrevious>
FDBENCH_INLINE FeatureSums sums_of(const float* values, const float* previous,
                                   std::int64_t channels, std::int64_t pixels, bool channels_last,
                                   double* map) {
  LaneSums lanes;
  if (channels_last) {
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      const std::int64_t start = pixel * channels;
      map[pixel] = add_pixel<kHasPrevious>(lanes, values + start,
                                           kHasPrevious ? previous + start : nullptr, channels);
    }
  } else {
    std::fill(map, map + pixels, 0.0);
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      const std::int64_t start = channel * pixels;
      add_channel<kHasPrevious>(lanes, values + start, kHasPrevious ? previous + start : nullptr,
                                pixels, map);
    }
  }
  FeatureSums sums;
  sums.sum_of_squares = total(lanes.squares);
  sums.squared_change = total(lanes.changes);
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    sums.sum += map[pixel];
    sums.squared_map += map[pixel] * map[pixel];
  }
  return sums;
}

FDBENCH_INLINE FeatureSums any_sums(const float* values, const float* previous,
                                    std::int64_t channels, std::int64_t pixels, bool channels_last,
                                    double* map) {
  if (previous == nullptr) {
    return sums_of<false>(values, previous, channels, pixels, channels_last, map);
  }
  return sums_of<true>(values, previous, channels, pixels, channels_last, map);
}

#ifdef FDBENCH_AVX2
FDBENCH_AVX2 FeatureSums avx2_sums(const float* values, const float* previous,
                                   std::int64_t channels, std::int64_t pixels, bool channels_last,
                                   double* map) {
  return any_sums(values, previous, channels, pixels, channels_last, map);
}
#endif

}  // namespace

FeatureSums feature_sums(const float* values, const float* previous, std::int64_t channels,
                         std::int64_t pixels, bool channels_last, std::span<double> map) {
#ifdef FDBENCH_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2) return avx2_sums(values, previous, channels, pixels, channels_last, map.data());
#endif
  return any_sums(values, previous, channels, pixels, channels_last, map.data());
}

}  // namespace fdbench
