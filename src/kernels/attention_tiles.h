// Attention in bfloat16 on the matrix tiles of Intel's AMX: scores, exponentials and the product
// with the values of 32 queries at a time stay in the first two levels of the cache.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "kernels/attention_head.h"

namespace fdbench {

/// True when this CPU has the tiles (AMX-BF16, AVX-512 BF16) and the system lets this process use
/// them.
bool has_attention_tiles();

/// A kernel of attention() and a thread's room for the blocks that it computes; head_dim is even.
class AttentionTiles {
 public:
  using Element = at::BFloat16;
  /// Queries of one block.
  static constexpr std::int64_t kRows = 32;

  /// Elements of one head's packed keys, and of its packed values. length: keys.
  static std::int64_t keys_size(std::int64_t length, std::int64_t head_dim);
  static std::int64_t values_size(std::int64_t length, std::int64_t head_dim);
  /// One head's keys or values, [length, head_dim] rows `stride` apart, in the order in which the
  /// tiles read them; padding is 0.
  static void pack_keys(const at::BFloat16* keys, std::int64_t stride, std::int64_t length,
                        std::int64_t head_dim, at::BFloat16* to);
  static void pack_values(const at::BFloat16* values, std::int64_t stride, std::int64_t length,
                          std::int64_t head_dim, at::BFloat16* to);

  explicit AttentionTiles(std::int64_t head_dim);
  ~AttentionTiles();
  AttentionTiles(const AttentionTiles&) = delete;
  AttentionTiles& operator=(const AttentionTiles&) = delete;

  /// softmax(q k^T / sqrt(d)) v of at most kRows queries. The weights of a row are powers relative
  /// to the highest score among its first 64 keys; bfloat16 holds them whatever comes after unless
  /// a score lies some 60 above that, and then the block is computed again relative to the highest
  /// of all.
  void attend(const AttentionHead<at::BFloat16>& head);

 private:
  struct Room;
  std::unique_ptr<Room> room_;
};

}  // namespace fdbench
