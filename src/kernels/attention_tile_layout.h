// How operands of attention lie in memory for the matrix tiles of Intel's AMX.
#pragma once

#include <cstdint>

#include "kernels/simd.h"

// A tile holds 16 rows of 64 bytes. Packed operands are whole tiles, one after the other, so that a
// tile is read from 16 consecutive cache lines:
//   queries  [row tile 0..1][step over channels][16 queries][32 channels]
//   keys     [16 keys each][step over channels][16 pairs of channels][16 keys][2]
//   values   [32 keys each][16 channels each][16 pairs of keys][16 channels][2]
//   weights  [32 keys each][row tile 0..1][16 queries][32 keys]
//   scores   [row tile 0..1][16 keys each, 4][16 queries][16 keys]
//   output   [row tile 0..1][16 channels each][16 queries][16 channels]

/// For functions that use the tiles.
#define FDBENCH_TILES                                                           \
  __attribute__((                                                               \
      target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16," \
             "fma" FDBENCH_WIDE)))

namespace fdbench::tiles {

// Rows of a tile, and floats of a row.
inline constexpr std::int64_t kSide = 16;
// Channels or keys that one tile product sums over.
inline constexpr std::int64_t kDepth = 32;
// Elements of a tile: bfloat16, and float.
inline constexpr std::int64_t kTile = 512;
inline constexpr std::int64_t kScoreTile = 256;
// Keys whose scores are made at a time.
inline constexpr std::int64_t kGroup = 64;
inline constexpr std::int64_t kGroupTiles = kGroup / kSide;
inline constexpr std::int64_t kRowBytes = 64;

constexpr std::int64_t steps_over(std::int64_t count, std::int64_t step) {
  return (count + step - 1) / step;
}

/// Sixteen floats that begin a cache line.
struct alignas(64) Line {
  float values[kSide];
};

}  // namespace fdbench::tiles
