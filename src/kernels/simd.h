// Sixteen floats at a time, in the compiler's own vector types: each kernel is compiled for
// AVX-512, for AVX2 and for the baseline, and the best one that the CPU has is taken when it is
// called.
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>
#include <cstring>

#define FDBENCH_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__) && defined(__GNUC__)
/// Clang knows no such word in a target.
#ifdef __clang__
#define FDBENCH_WIDE ""
#else
#define FDBENCH_WIDE ",prefer-vector-width=512"
#endif
#define FDBENCH_AVX512 \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma" FDBENCH_WIDE)))
#define FDBENCH_AVX2 __attribute__((target("avx2,fma")))
/// Calls `name<...>` compiled for the best instruction set: expects `name` to be an always-inlined
/// function.
#define FDBENCH_BEST_OF(name)                                                      \
  template <typename... Arguments>                                                 \
  FDBENCH_AVX512 void name##_avx512(Arguments... arguments) {                      \
    name(arguments...);                                                            \
  }                                                                                \
  template <typename... Arguments>                                                 \
  FDBENCH_AVX2 void name##_avx2(Arguments... arguments) {                          \
    name(arguments...);                                                            \
  }                                                                                \
  template <typename... Arguments>                                                 \
  void best_##name(Arguments... arguments) {                                       \
    static const bool avx512 = __builtin_cpu_supports("avx512bw") != 0 &&          \
                               __builtin_cpu_supports("avx512vl") != 0 &&          \
                               __builtin_cpu_supports("avx512dq") != 0;            \
    static const bool avx2 =                                                       \
        __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; \
    if (avx512) return name##_avx512(arguments...);                                \
    if (avx2) return name##_avx2(arguments...);                                    \
    name(arguments...);                                                            \
  }
#else
#define FDBENCH_BEST_OF(name)                \
  template <typename... Arguments>           \
  void best_##name(Arguments... arguments) { \
    name(arguments...);                      \
  }
#endif

namespace fdbench::simd {

inline constexpr std::int64_t kWidth = 16;

using Floats = float __attribute__((vector_size(64)));
using Ints = std::int32_t __attribute__((vector_size(64)));
using Words = std::uint32_t __attribute__((vector_size(64)));
using Halves = std::uint16_t __attribute__((vector_size(32)));

FDBENCH_INLINE Floats broadcast(float value) { return value - Floats{}; }

FDBENCH_INLINE Floats load(const float* from) {
  Floats values;
  std::memcpy(&values, from, sizeof values);
  return values;
}
FDBENCH_INLINE void store(float* to, const Floats& values) {
  std::memcpy(to, &values, sizeof values);
}

FDBENCH_INLINE Floats load(const c10::BFloat16* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Words words = __builtin_convertvector(halves, Words) << 16;
  Floats values;
  std::memcpy(&values, &words, sizeof values);
  return values;
}
/// Rounds to nearest even, as c10::BFloat16 does; NaN stays NaN because its quiet bit is kept.
FDBENCH_INLINE void store(c10::BFloat16* to, const Floats& values) {
  Words words;
  std::memcpy(&words, &values, sizeof words);
  const Words rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
  const Words quiet = (words >> 16) | 0x40u;
  // NaN alone differs from itself, and there is no std::isnan for vectors.
  // NOLINTNEXTLINE(misc-redundant-expression)
  const Words chosen = values == values ? rounded : quiet;
  const Halves halves = __builtin_convertvector(chosen, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

/// The first `count` < 16 values; the rest are 0.
template <typename T>
FDBENCH_INLINE Floats load_some(const T* from, std::int64_t count) {
  T values[kWidth] = {};
  std::memcpy(static_cast<void*>(values), from, static_cast<std::size_t>(count) * sizeof(T));
  return load(values);
}
template <typename T>
FDBENCH_INLINE void store_some(T* to, const Floats& values, std::int64_t count) {
  T all[kWidth];
  store(all, values);
  std::memcpy(static_cast<void*>(to), all, static_cast<std::size_t>(count) * sizeof(T));
}

FDBENCH_INLINE Floats maximum(const Floats& a, const Floats& b) { return a > b ? a : b; }
FDBENCH_INLINE Floats minimum(const Floats& a, const Floats& b) { return a < b ? a : b; }

FDBENCH_INLINE float sum(const Floats& values) {
  float total = 0;
  for (std::int64_t i = 0; i < kWidth; ++i) total += values[i];
  return total;
}

/// For finite values: to the nearest, ties away from 0; half the work of `store`.
FDBENCH_INLINE void store_finite(c10::BFloat16* to, const Floats& values) {
  Words words;
  std::memcpy(&words, &values, sizeof words);
  const Halves halves = __builtin_convertvector((words + 0x8000u) >> 16, Halves);
  std::memcpy(to, &halves, sizeof halves);
}
FDBENCH_INLINE void store_finite(float* to, const Floats& values) { store(to, values); }

/// 2^x for x <= 127; 0 below -126. 2^x = 2^round(x) 2^f, the second factor by its Taylor polynomial
/// on |f| <= 1/2: relative error below 2e-7 at degree 6, below 5e-6 at degree 4 (enough for what is
/// rounded to bfloat16).
template <int kDegree = 6>
FDBENCH_INLINE Floats exp2(Floats x) {
  const Floats lowest = broadcast(-126.5F);
  x = maximum(x, lowest);
  // 1.5 * 2^23: adding it rounds to a whole number.
  const Floats magic = broadcast(12582912.0F);
  const Floats shifted = x + magic;
  const Floats fraction = x - (shifted - magic);
  Floats power = broadcast(9.6181291e-3F);
  if constexpr (kDegree == 6) {
    power = broadcast(1.5403530e-4F);
    power = power * fraction + 1.3333558e-3F;
    power = power * fraction + 9.6181291e-3F;
  }
  power = power * fraction + 5.5504109e-2F;
  power = power * fraction + 2.4022651e-1F;
  power = power * fraction + 6.9314718e-1F;
  power = power * fraction + 1.0F;
  Ints bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  Ints scale = (bits - 0x4b400000 + 127) << 23;
  Floats factor;
  std::memcpy(&factor, &scale, sizeof factor);
  return x > lowest ? power * factor : Floats{};
}

FDBENCH_INLINE Floats exp(const Floats& x) { return exp2(x * 1.44269504F); }

/// x / (1 + e^-x).
FDBENCH_INLINE Floats silu(const Floats& x) {
  return x / (1.0F + exp(minimum(-x, broadcast(87.0F))));
}

/// x (1 + erf(x / sqrt 2)) / 2. erf by Abramowitz and Stegun 7.1.26: absolute error below 1.5e-7.
FDBENCH_INLINE Floats gelu(const Floats& x) {
  const Floats z = x * 0.70710678F;
  const Floats size = z < Floats{} ? -z : z;
  const Floats t = 1.0F / (1.0F + 0.3275911F * size);
  Floats series = broadcast(1.061405429F);
  series = series * t - 1.453152027F;
  series = series * t + 1.421413741F;
  series = series * t - 0.284496736F;
  series = series * t + 0.254829592F;
  // 1 - erf(|z|)
  const Floats tail = series * t * exp(-z * z);
  const Floats half = 0.5F * x;
  return z < Floats{} ? half * tail : x - half * tail;
}

}  // namespace fdbench::simd
