#include "kernels/attention_tiles.h"

#include <ATen/cpu/Utils.h>
#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/exp2_avx512.h"
#include "kernels/simd.h"

// A tile holds 16 rows of 64 bytes. Packed operands are whole tiles, one after the other, so that a
// tile is read from 16 consecutive cache lines:
//   queries  [row tile 0..1][step over channels][16 queries][32 channels]
//   keys     [16 keys each][step over channels][16 pairs of channels][16 keys][2]
//   values   [32 keys each][16 channels each][16 pairs of keys][16 channels][2]
//   weights  [32 keys each][row tile 0..1][16 queries][32 keys]
//   scores   [row tile 0..1][16 keys each, 4][16 queries][16 keys]
//   output   [row tile 0..1][16 channels each][16 queries][16 channels]
#define FDBENCH_TILES                                                           \
  __attribute__((                                                               \
      target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16," \
             "fma" FDBENCH_WIDE)))

namespace fdbench {
namespace {

using at::BFloat16;
using Head = AttentionHead<BFloat16>;

constexpr std::int64_t kSide = 16;
// Channels or keys that one tile product sums over.
constexpr std::int64_t kDepth = 32;
constexpr std::int64_t kTile = 512;       // bfloat16 elements
constexpr std::int64_t kScoreTile = 256;  // float elements
constexpr std::int64_t kGroup = 64;       // keys whose scores are made at a time
constexpr std::int64_t kGroupTiles = kGroup / kSide;
constexpr std::int64_t kBlockGroups = 4;  // groups whose weights meet the values at a time
constexpr std::int64_t kRowBytes = 64;
// Sums of weights beyond it: the first keys were no guide to the row's scores.
constexpr float kLargestSum = 1e30F;

constexpr std::int64_t steps_over(std::int64_t count, std::int64_t step) {
  return (count + step - 1) / step;
}

/// What the tiles' configuration register reads: 16 rows of 64 bytes for each.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

struct alignas(64) Line {
  float values[kSide];
};

/// Scores of 32 queries and 64 keys.
FDBENCH_TILES inline void make_scores(const BFloat16* query, const BFloat16* keys,
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
void mask_scores(float* scores, std::int64_t real) {
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
FDBENCH_TILES void raise_maxima(const float* scores, float* maxima) {
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
                                       Line* sums, BFloat16* weights) {
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
    BFloat16* to = weights + row / kSide * kTile + row % kSide * kDepth;
    _mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh(b, a));
    _mm512_store_si512(to + 2 * kTile, (__m512i)_mm512_cvtne2ps_pbh(d, c));
  }
}

/// output += weights x values for kTiles * 16 channels. groups: of 32 keys; value_tiles: of all
/// channels; output of the second row tile stands value_tiles tiles behind.
template <int kTiles>
FDBENCH_TILES inline void add_values(const BFloat16* weights, std::int64_t groups,
                                     const BFloat16* values, std::int64_t value_tiles,
                                     float* output, bool begins) {
  float* second = output + value_tiles * kScoreTile;
  if (begins) {
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
  } else {
    _tile_loadd(0, output, kRowBytes);
    _tile_loadd(1, second, kRowBytes);
    if constexpr (kTiles > 1) {
      _tile_loadd(2, output + kScoreTile, kRowBytes);
      _tile_loadd(3, second + kScoreTile, kRowBytes);
    }
    if constexpr (kTiles > 2) {
      _tile_loadd(4, output + 2 * kScoreTile, kRowBytes);
      _tile_loadd(5, second + 2 * kScoreTile, kRowBytes);
    }
  }
  for (std::int64_t group = 0; group < groups; ++group) {
    const BFloat16* rows = weights + group * 2 * kTile;
    const BFloat16* columns = values + group * value_tiles * kTile;
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
  _tile_stored(0, output, kRowBytes);
  _tile_stored(1, second, kRowBytes);
  if constexpr (kTiles > 1) {
    _tile_stored(2, output + kScoreTile, kRowBytes);
    _tile_stored(3, second + kScoreTile, kRowBytes);
  }
  if constexpr (kTiles > 2) {
    _tile_stored(4, output + 2 * kScoreTile, kRowBytes);
    _tile_stored(5, second + 2 * kScoreTile, kRowBytes);
  }
}

FDBENCH_TILES void add_all_values(const BFloat16* weights, std::int64_t groups,
                                  const BFloat16* values, std::int64_t value_tiles, float* output,
                                  bool begins) {
  std::int64_t tile = 0;
  while (tile < value_tiles) {
    const std::int64_t left = value_tiles - tile;
    // 4 = 2 + 2: pairs share more loads than 3 + 1.
    const std::int64_t taken = left == 4 ? 2 : std::min<std::int64_t>(left, 3);
    const BFloat16* from = values + tile * kTile;
    float* to = output + tile * kScoreTile;
    if (taken == 3) add_values<3>(weights, groups, from, value_tiles, to, begins);
    if (taken == 2) add_values<2>(weights, groups, from, value_tiles, to, begins);
    if (taken == 1) add_values<1>(weights, groups, from, value_tiles, to, begins);
    tile += taken;
  }
}

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

FDBENCH_TILES float sum_of(const Line& line) {
  return _mm512_reduce_add_ps(_mm512_load_ps(line.values));
}

FDBENCH_TILES void configure_tiles() {
  // In static memory: GCC 12 takes only the first eight bytes for read, and drops the rest of a
  // local.
  static const TileConfig config;
  _tile_loadconfig(&config);
}

FDBENCH_TILES void release_tiles() { _tile_release(); }

}  // namespace

bool has_attention_tiles() {
  // Clang 14 knows no name for it: CPUID leaf 7, bit 22 of EDX is AMX-BF16.
  constexpr unsigned kTileProducts = 1U << 22;
  static const bool has = [] {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTileProducts) != 0 &&
           __builtin_cpu_supports("avx512bf16") != 0 && at::cpu::init_amx();
  }();
  return has;
}

std::int64_t AttentionTiles::keys_size(std::int64_t length, std::int64_t head_dim) {
  return steps_over(length, kGroup) * kGroupTiles * steps_over(head_dim, kDepth) * kTile;
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

struct AttentionTiles::Room {
  explicit Room(std::int64_t head_dim)
      : steps(steps_over(head_dim, kDepth)),
        value_tiles(steps_over(head_dim, kSide)),
        scale(static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(head_dim)))),
        query(2 * steps * kTile / 32),
        weights(kBlockGroups * 4 * kTile / 32),
        scores(2 * kGroupTiles * kScoreTile / kSide),
        output(2 * value_tiles * kScoreTile / kSide) {}

  BFloat16* queries() { return reinterpret_cast<BFloat16*>(query.data()); }
  BFloat16* powers() { return reinterpret_cast<BFloat16*>(weights.data()); }

  /// Queries of a head as tiles; rows and channels that are not there are 0.
  void take_queries(const Head& head);
  /// Scores of group `index`.
  void score(const Head& head, std::int64_t index);
  /// offsets: the highest scaled score of each row among the first `groups` groups.
  void look_for_offsets(const Head& head, std::int64_t groups);
  /// sums and output of all keys, relative to the offsets.
  void accumulate(const Head& head);
  bool sums_are_in_range() const;
  void write(const Head& head) const;

  std::int64_t steps, value_tiles;
  float scale;
  // Lines of 64 bytes, so that each begins a cache line.
  std::vector<Line> query, weights, scores, output;
  Line sums[kRows];
  float offsets[kRows];
};

void AttentionTiles::Room::take_queries(const Head& head) {
  std::fill(query.begin(), query.end(), Line{});
  for (std::int64_t row = 0; row < head.rows; ++row) {
    for (std::int64_t step = 0; step < steps; ++step) {
      const std::int64_t first = step * kDepth, count = std::min(kDepth, head.head_dim - first);
      BFloat16* to = queries() + (row / kSide * steps + step) * kTile + row % kSide * kDepth;
      std::memcpy(static_cast<void*>(to), head.query + row * head.query_stride + first,
                  static_cast<std::size_t>(count) * sizeof(BFloat16));
    }
  }
}

void AttentionTiles::Room::score(const Head& head, std::int64_t index) {
  make_scores(queries(), head.keys + index * kGroupTiles * steps * kTile, steps,
              scores.data()->values);
  const std::int64_t real = head.length - index * kGroup;
  if (real < kGroup) mask_scores(scores.data()->values, real);
}

void AttentionTiles::Room::look_for_offsets(const Head& head, std::int64_t groups) {
  std::fill_n(offsets, kRows, -std::numeric_limits<float>::max());
  for (std::int64_t index = 0; index < groups; ++index) {
    score(head, index);
    raise_maxima(scores.data()->values, offsets);
  }
  for (float& offset : offsets) offset *= scale;
}

void AttentionTiles::Room::accumulate(const Head& head) {
  const std::int64_t groups = steps_over(head.length, kGroup);
  std::fill_n(sums, kRows, Line{});
  for (std::int64_t first = 0; first < groups; first += kBlockGroups) {
    const std::int64_t count = std::min(kBlockGroups, groups - first);
    for (std::int64_t i = 0; i < count; ++i) {
      score(head, first + i);
      make_weights(scores.data()->values, scale, offsets, sums, powers() + i * 4 * kTile);
    }
    add_all_values(powers(), 2 * count, head.values + first * 2 * value_tiles * kTile, value_tiles,
                   output.data()->values, first == 0);
  }
}

bool AttentionTiles::Room::sums_are_in_range() const {
  return std::all_of(sums, sums + kRows,
                     [](const Line& line) { return sum_of(line) < kLargestSum; });
}

void AttentionTiles::Room::write(const Head& head) const {
  for (std::int64_t row = 0; row < head.rows; ++row) {
    const float inverse = 1.0F / sum_of(sums[row]);
    const float* from =
        output.data()->values + row / kSide * value_tiles * kScoreTile + row % kSide * kSide;
    BFloat16* to = head.out + row * head.out_stride;
    for (std::int64_t channel = 0; channel < head.head_dim; ++channel) {
      to[channel] =
          static_cast<BFloat16>(from[channel / kSide * kScoreTile + channel % kSide] * inverse);
    }
  }
}

AttentionTiles::AttentionTiles(std::int64_t head_dim) : room_(std::make_unique<Room>(head_dim)) {
  configure_tiles();
}

AttentionTiles::~AttentionTiles() { release_tiles(); }

void AttentionTiles::attend(const AttentionHead<BFloat16>& head) {
  room_->take_queries(head);
  room_->look_for_offsets(head, 1);
  room_->accumulate(head);
  if (!room_->sums_are_in_range()) {
    room_->look_for_offsets(head, steps_over(head.length, kGroup));
    room_->accumulate(head);
  }
  room_->write(head);
}

}  // namespace fdbench
