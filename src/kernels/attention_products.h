// Attention around the batch-reduce products that LibTorch exports (oneDNN): float32 with AVX2 and
// later, bfloat16 with AVX-512 BF16.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "kernels/attention_head.h"

namespace fdbench {

/// A kernel of attention() and a thread's room for the blocks that it computes; T: float or
/// at::BFloat16, with an even head_dim.
template <typename T>
class AttentionProducts {
 public:
  using Element = T;
  /// Queries of one block.
  static constexpr std::int64_t kRows = 128;

  /// Elements of one head's packed keys, and of its packed values. length: keys.
  static std::int64_t keys_size(std::int64_t length, std::int64_t head_dim);
  static std::int64_t values_size(std::int64_t length, std::int64_t head_dim);
  /// One head's keys or values, [length, head_dim] rows `stride` apart; padding is 0.
  static void pack_keys(const T* keys, std::int64_t stride, std::int64_t length,
                        std::int64_t head_dim, T* to);
  static void pack_values(const T* values, std::int64_t stride, std::int64_t length,
                          std::int64_t head_dim, T* to);

  explicit AttentionProducts(std::int64_t head_dim);
  ~AttentionProducts();
  AttentionProducts(const AttentionProducts&) = delete;
  AttentionProducts& operator=(const AttentionProducts&) = delete;

  /// softmax(q k^T / sqrt(d)) v of at most kRows queries. The weights of a row are powers relative
  /// to the highest score among its first 256 keys; its type holds them whatever comes after unless
  /// a score lies some 60 above that, and then the block is computed again relative to the highest
  /// of all.
  void attend(const AttentionHead<T>& head);

 private:
  /// Scores of the keys from `first` on; -> how many, padding included.
  std::int64_t score(const AttentionHead<T>& head, std::int64_t first);
  /// offsets_: the highest scaled score of each row among the first `keys` keys.
  void look_for_offsets(const AttentionHead<T>& head, std::int64_t keys);
  /// sums_ and output_ of all keys, relative to the offsets.
  void accumulate(const AttentionHead<T>& head);

  float scale_;
  std::vector<float> scores_, output_, offsets_, sums_;
  std::vector<T> weights_;
};

extern template class AttentionProducts<float>;
extern template class AttentionProducts<at::BFloat16>;

}  // namespace fdbench
