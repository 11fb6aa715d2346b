// The two products of attention on the matrix tiles of Intel's AMX, and the weights between them,
// for 32 queries and 64 keys at a time. Tiles 0 to 5 hold sums, 6 and 7 operands.
#pragma once

#include <c10/util/BFloat16.h>
#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "kernels/attention_tile_layout.h"
#include "kernels/attention_tiles.h"
#include "kernels/exp2_avx512.h"

namespace fdbench::tiles {

/// Scores of 32 queries and 64 keys.
FDBENCH_TILES inline void make_scores(const c10::BFloat16* query, const c10::BFloat16* keys,
                                      std::int64_t steps, float* scores) {
  for (std::int64_t tile = 0; tile < kGroupTiles; tile += 2) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (std::int64_t step = 0; step < steps; ++step) {
      _tile_loadd(4, query + step * kTile, kRowBytes);
      _tile_loadd(5, query + (steps + step) * kTile, kRowBytes);
      _tile_loadd(6, keys + (tile * steps + step) * kTile, kRowBytes);
      _tile_loadd(7, keys + ((tile + 1) * steps + step) * kTile, kRowBytes);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    float* first = scores + tile * kScoreTile;
    float* second = first + kGroupTiles * kScoreTile;
    _tile_stored(0, first, kRowBytes);
    _tile_stored(1, first + kScoreTile, kRowBytes);
    _tile_stored(2, second, kRowBytes);
    _tile_stored(3, second + kScoreTile, kRowBytes);
  }
}

/// Keys beyond the `real` first of a group get no weight.
inline void mask_scores(float* scores, std::int64_t real) {
  for (std::int64_t row_tile = 0; row_tile < 2; ++row_tile) {
    for (std::int64_t key = real; key < kGroup; ++key) {
      float* column = scores + (row_tile * kGroupTiles + key / kSide) * kScoreTile + key % kSide;
      for (std::int64_t row = 0; row < kSide; ++row)
        column[row * kSide] = -std::numeric_limits<float>::infinity();
    }
  }
}

FDBENCH_TILES inline const float* score_line(const float* scores, std::int64_t row) {
  return scores + row / kSide * kGroupTiles * kScoreTile + row % kSide * kSide;
}

/// maxima: of each row, raised by those of a group's scores.
FDBENCH_TILES inline void raise_maxima(const float* scores, float* maxima) {
  for (std::int64_t row = 0; row < AttentionTiles::kRows; ++row) {
    const float* line = score_line(scores, row);
    __m512 highest = _mm512_load_ps(line);
    for (std::int64_t tile = 1; tile < kGroupTiles; ++tile)
      highest = _mm512_max_ps(highest, _mm512_load_ps(line + tile * kScoreTile));
    maxima[row] = std::max(maxima[row], _mm512_reduce_max_ps(highest));
  }
}

/// Weights 2^(score * scale - offset) of a group, in bfloat16, and their sums by row and lane.
FDBENCH_TILES inline void make_weights(const float* scores, float scale, const float* offsets,
                                       Line* sums, c10::BFloat16* weights) {
  const __m512 factor = _mm512_set1_ps(scale);
  for (std::int64_t row = 0; row < AttentionTiles::kRows; ++row) {
    const float* line = score_line(scores, row);
    const __m512 offset = _mm512_set1_ps(offsets[row]);
    const auto power = [&](std::int64_t tile) FDBENCH_TILES {
      return exp2_bfloat16(
          _mm512_fmsub_ps(_mm512_load_ps(line + tile * kScoreTile), factor, offset));
    };
    const __m512 a = power(0), b = power(1), c = power(2), d = power(3);
    float* sum = sums[row].values;
    const __m512 added = _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d));
    _mm512_store_ps(sum, _mm512_add_ps(_mm512_load_ps(sum), added));
    c10::BFloat16* to = weights + row / kSide * kTile + row % kSide * kDepth;
    _mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh(b, a));
    _mm512_store_si512(to + 2 * kTile, (__m512i)_mm512_cvtne2ps_pbh(d, c));
  }
}

/// Tiles 2 i and 2 i + 1: output of 16 channels, of the first and the second row tile.
template <int kTiles>
FDBENCH_TILES inline void load_output(const float* first, const float* second) {
  _tile_loadd(0, first, kRowBytes);
  _tile_loadd(1, second, kRowBytes);
  if constexpr (kTiles > 1) {
    _tile_loadd(2, first + kScoreTile, kRowBytes);
    _tile_loadd(3, second + kScoreTile, kRowBytes);
  }
  if constexpr (kTiles > 2) {
    _tile_loadd(4, first + 2 * kScoreTile, kRowBytes);
    _tile_loadd(5, second + 2 * kScoreTile, kRowBytes);
  }
}

template <int kTiles>
FDBENCH_TILES inline void clear_output() {
  _tile_zero(0);
  _tile_zero(1);
  if constexpr (kTiles > 1) {
    _tile_zero(2);
    _tile_zero(3);
  }
  if constexpr (kTiles > 2) {
    _tile_zero(4);
    _tile_zero(5);
  }
}

template <int kTiles>
FDBENCH_TILES inline void store_output(float* first, float* second) {
  _tile_stored(0, first, kRowBytes);
  _tile_stored(1, second, kRowBytes);
  if constexpr (kTiles > 1) {
    _tile_stored(2, first + kScoreTile, kRowBytes);
    _tile_stored(3, second + kScoreTile, kRowBytes);
  }
  if constexpr (kTiles > 2) {
    _tile_stored(4, first + 2 * kScoreTile, kRowBytes);
    _tile_stored(5, second + 2 * kScoreTile, kRowBytes);
  }
}

/// rows: weights of 32 keys, a tile for each row tile; columns: their values, kTiles tiles.
template <int kTiles>
FDBENCH_TILES inline void add_product(const c10::BFloat16* rows, const c10::BFloat16* columns) {
  _tile_loadd(6, rows, kRowBytes);
  _tile_loadd(7, columns, kRowBytes);
  _tile_dpbf16ps(0, 6, 7);
  if constexpr (kTiles > 1) {
    _tile_loadd(7, columns + kTile, kRowBytes);
    _tile_dpbf16ps(2, 6, 7);
  }
  if constexpr (kTiles > 2) {
    _tile_loadd(7, columns + 2 * kTile, kRowBytes);
    _tile_dpbf16ps(4, 6, 7);
  }
  _tile_loadd(6, rows + kTile, kRowBytes);
  if constexpr (kTiles > 2) {
    _tile_dpbf16ps(5, 6, 7);
    _tile_loadd(7, columns + kTile, kRowBytes);
  }
  if constexpr (kTiles > 1) {
    _tile_dpbf16ps(3, 6, 7);
    _tile_loadd(7, columns, kRowBytes);
  }
  _tile_dpbf16ps(1, 6, 7);
}

/// What a block of weights meets: packed values, and the output to which the product is added.
struct ValueBlock {
  const c10::BFloat16* values;
  float* output;
  /// Of all channels. Values of the next 32 keys, and output of the second row tile, stand so many
  /// tiles further on.
  std::int64_t value_tiles;
  /// The output holds nothing yet.
  bool begins;
};

/// output += weights x values for kTiles * 16 channels from channel tile `tile` on. groups: of 32
/// keys.
template <int kTiles>
FDBENCH_TILES inline void add_values(const c10::BFloat16* weights, std::int64_t groups,
                                     const ValueBlock& block, std::int64_t tile) {
  float* first = block.output + tile * kScoreTile;
  float* second = first + block.value_tiles * kScoreTile;
  if (block.begins) {
    clear_output<kTiles>();
  } else {
    load_output<kTiles>(first, second);
  }
  for (std::int64_t group = 0; group < groups; ++group) {
    add_product<kTiles>(weights + group * 2 * kTile,
                        block.values + (group * block.value_tiles + tile) * kTile);
  }
  store_output<kTiles>(first, second);
}

/// The same for all channels.
FDBENCH_TILES inline void add_all_values(const c10::BFloat16* weights, std::int64_t groups,
                                         const ValueBlock& block) {
  std::int64_t tile = 0;
  while (tile < block.value_tiles) {
    const std::int64_t left = block.value_tiles - tile;
    // 4 = 2 + 2: pairs share more loads than 3 + 1.
    const std::int64_t taken = left == 4 ? 2 : std::min<std::int64_t>(left, 3);
    if (taken == 3) add_values<3>(weights, groups, block, tile);
    if (taken == 2) add_values<2>(weights, groups, block, tile);
    if (taken == 1) add_values<1>(weights, groups, block, tile);
    tile += taken;
  }
}

}  // namespace fdbench::tiles
