// Powers of two by the AVX-512 instructions made for them.
#pragma once

#include <immintrin.h>

namespace fdbench {

/// 2^x of 16 floats, x below 128; 0 far below -126. 2^x = 2^floor(x) 2^f, the second factor by its
/// minimax polynomial of degree 3 on [0, 1): relative error below 8e-5, a twentieth of bfloat16's
/// rounding.
__attribute__((target("avx512f,avx512dq"), always_inline)) inline __m512 exp2_bfloat16(__m512 x) {
  // x - floor(x), no exceptions.
  constexpr int kToBelow = 0x09;
  const __m512 fraction = _mm512_reduce_ps(x, kToBelow);
  __m512 power =
      _mm512_fmadd_ps(_mm512_set1_ps(7.80245511e-2F), fraction, _mm512_set1_ps(2.26067143e-1F));
  power = _mm512_fmadd_ps(power, fraction, _mm512_set1_ps(6.95833528e-1F));
  power = _mm512_fmadd_ps(power, fraction, _mm512_set1_ps(9.99925219e-1F));
  return _mm512_scalef_ps(power, x);
}

}  // namespace fdbench
