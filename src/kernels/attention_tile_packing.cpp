// Keys and values in the order in which the tiles read them.
#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "kernels/attention_tile_layout.h"
#include "kernels/attention_tiles.h"

namespace fdbench {
namespace {

using at::BFloat16;
using tiles::kDepth;
using tiles::kGroup;
using tiles::kSide;
using tiles::kTile;
using tiles::steps_over;

/// A tile of keys: pairs of channels of up to 16 keys, transposed; what is not there is 0.
FDBENCH_TILES void transpose_pairs(const BFloat16* keys, std::int64_t stride, std::int64_t count,
                                   std::int64_t channels, BFloat16* to) {
  const auto real = static_cast<__mmask32>((std::uint64_t{1} << channels) - 1);
  __m512i rows[kSide], mixed[kSide];
  for (std::int64_t i = 0; i < kSide; ++i) {
    rows[i] =
        i < count ? _mm512_maskz_loadu_epi16(real, keys + i * stride) : _mm512_setzero_si512();
  }
  // Within lanes of 128 bits: pairs of rows, then fours; afterwards lane l of mixed[4 j + k] holds
  // element 4 l + k of rows 4 j to 4 j + 3.
  for (int i = 0; i < kSide; i += 2) {
    mixed[i] = _mm512_unpacklo_epi32(rows[i], rows[i + 1]);
    mixed[i + 1] = _mm512_unpackhi_epi32(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < kSide; i += 4) {
    rows[i] = _mm512_unpacklo_epi64(mixed[i], mixed[i + 2]);
    rows[i + 1] = _mm512_unpackhi_epi64(mixed[i], mixed[i + 2]);
    rows[i + 2] = _mm512_unpacklo_epi64(mixed[i + 1], mixed[i + 3]);
    rows[i + 3] = _mm512_unpackhi_epi64(mixed[i + 1], mixed[i + 3]);
  }
  // The lanes of four registers change places.
  for (int k = 0; k < 4; ++k) {
    const __m512i low = _mm512_shuffle_i32x4(rows[k], rows[4 + k], 0x88),
                  high = _mm512_shuffle_i32x4(rows[8 + k], rows[12 + k], 0x88),
                  low_odd = _mm512_shuffle_i32x4(rows[k], rows[4 + k], 0xdd),
                  high_odd = _mm512_shuffle_i32x4(rows[8 + k], rows[12 + k], 0xdd);
    const auto put = [&](int element, __m512i line)
                         FDBENCH_TILES { _mm512_store_si512(to + element * kDepth, line); };
    put(k, _mm512_shuffle_i32x4(low, high, 0x88));
    put(8 + k, _mm512_shuffle_i32x4(low, high, 0xdd));
    put(4 + k, _mm512_shuffle_i32x4(low_odd, high_odd, 0x88));
    put(12 + k, _mm512_shuffle_i32x4(low_odd, high_odd, 0xdd));
  }
}

/// A line of a tile of values: 16 channels of up to two keys, side by side.
FDBENCH_TILES void interleave_rows(const BFloat16* values, std::int64_t stride, std::int64_t count,
                                   std::int64_t channels, BFloat16* to) {
  const auto real = static_cast<__mmask16>((1U << channels) - 1);
  const auto row = [&](std::int64_t i) FDBENCH_TILES {
    return i < count ? _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(real, values + i * stride))
                     : _mm512_setzero_si512();
  };
  _mm512_store_si512(to, _mm512_or_si512(row(0), _mm512_slli_epi32(row(1), 16)));
}

}  // namespace

std::int64_t AttentionTiles::keys_size(std::int64_t length, std::int64_t head_dim) {
  return steps_over(length, kGroup) * tiles::kGroupTiles * steps_over(head_dim, kDepth) * kTile;
}

std::int64_t AttentionTiles::values_size(std::int64_t length, std::int64_t head_dim) {
  return steps_over(length, kGroup) * (kGroup / kDepth) * steps_over(head_dim, kSide) * kTile;
}

void AttentionTiles::pack_keys(const BFloat16* keys, std::int64_t stride, std::int64_t length,
                               std::int64_t head_dim, BFloat16* to) {
  const std::int64_t steps = steps_over(head_dim, kDepth);
  for (std::int64_t first = 0; first < steps_over(length, kGroup) * kGroup; first += kSide) {
    for (std::int64_t step = 0; step < steps; ++step, to += kTile) {
      transpose_pairs(keys + first * stride + step * kDepth, stride,
                      std::clamp<std::int64_t>(length - first, 0, kSide),
                      std::min(kDepth, head_dim - step * kDepth), to);
    }
  }
}

void AttentionTiles::pack_values(const BFloat16* values, std::int64_t stride, std::int64_t length,
                                 std::int64_t head_dim, BFloat16* to) {
  for (std::int64_t group = 0; group < steps_over(length, kGroup) * kGroup; group += kDepth) {
    for (std::int64_t first = 0; first < head_dim; first += kSide) {
      for (std::int64_t key = group; key < group + kDepth; key += 2, to += kDepth) {
        interleave_rows(values + key * stride + first, stride,
                        std::clamp<std::int64_t>(length - key, 0, 2),
                        std::min(kSide, head_dim - first), to);
      }
    }
  }
}

}  // namespace fdbench
