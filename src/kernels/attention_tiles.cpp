#include "kernels/attention_tiles.h"

#include <ATen/cpu/Utils.h>
#include <cpuid.h>
#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/attention_tile_layout.h"
#include "kernels/attention_tile_products.h"

namespace fdbench {

using namespace tiles;

namespace {

using at::BFloat16;
using Head = AttentionHead<BFloat16>;

// Groups whose weights meet the values at a time.
constexpr std::int64_t kBlockGroups = 4;
// Sums of weights beyond it: the first keys were no guide to the row's scores.
constexpr float kLargestSum = 1e30F;

/// What the tiles' configuration register reads: 16 rows of 64 bytes for each.
struct alignas(64) TileConfig {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

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
    add_all_values(powers(), 2 * count,
                   {.values = head.values + first * 2 * value_tiles * kTile,
                    .output = output.data()->values,
                    .value_tiles = value_tiles,
                    .begins = first == 0});
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
