#include "kernels/attention_products.h"

#include <ATen/native/CPUBlas.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/simd.h"

namespace fdbench {
namespace {

using simd::Floats;
using simd::kWidth;

// At 512 keys a block of scores leaves the first-level cache.
constexpr std::int64_t kKeyBlock = 256;
// Sums of weights beyond it: the first keys were no guide to the row's scores.
constexpr float kLargestSum = 1e30F;

/// Two consecutive entries of the summed dimension stand side by side for bfloat16 products.
template <typename T>
constexpr std::int64_t kPair = sizeof(T) == 2 ? 2 : 1;

/// Keys are padded to a multiple of a vector, so that rows of scores are whole vectors.
std::int64_t padded_length(std::int64_t length) { return (length + kWidth - 1) / kWidth * kWidth; }

/// Keys beyond the `real` first of a row get no weight.
void mask_scores(float* scores, std::int64_t rows, std::int64_t columns, std::int64_t real) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = real; i < columns; ++i)
      scores[row * kKeyBlock + i] = -std::numeric_limits<float>::infinity();
  }
}

/// Scores of some queries and up to kKeyBlock keys; rows are kKeyBlock apart.
struct ScoreBlock {
  const float* values;
  std::int64_t rows, columns;

  const float* row(std::int64_t index) const { return values + index * kKeyBlock; }
};

/// maxima: of each row, raised by those of its scores.
FDBENCH_INLINE void raise_maxima(ScoreBlock scores, float* maxima) {
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    const float* line = scores.row(row);
    Floats highest = simd::load(line);
    for (std::int64_t i = kWidth; i < scores.columns; i += kWidth)
      highest = simd::maximum(highest, simd::load(line + i));
    for (std::int64_t i = 0; i < kWidth; ++i) maxima[row] = std::max(maxima[row], highest[i]);
  }
}

/// Weights 2^(score * scale - offset), and their sums by row and lane.
template <typename T>
FDBENCH_INLINE void make_weights(ScoreBlock scores, float scale, const float* offsets, float* sums,
                                 T* to) {
  constexpr int kDegree = kPair<T> == 2 ? 4 : 6;
  for (std::int64_t row = 0; row < scores.rows; ++row) {
    const float* line = scores.row(row);
    const Floats offset = simd::broadcast(offsets[row]);
    Floats total = simd::load(sums + row * kWidth);
    for (std::int64_t i = 0; i < scores.columns; i += kWidth) {
      const Floats power = simd::exp2<kDegree>(simd::load(line + i) * scale - offset);
      total += power;
      simd::store_finite(to + row * kKeyBlock + i, power);
    }
    simd::store(sums + row * kWidth, total);
  }
}

/// to = output / sum, by row.
template <typename T>
FDBENCH_INLINE void finish_rows(const float* output, std::int64_t rows, std::int64_t columns,
                                const float* sums, T* to, std::int64_t stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float inverse = 1.0F / simd::sum(simd::load(sums + row * kWidth));
    for (std::int64_t i = 0; i < columns; ++i) {
      to[row * stride + i] = static_cast<T>(output[row * columns + i] * inverse);
    }
  }
}

FDBENCH_BEST_OF(raise_maxima)
FDBENCH_BEST_OF(make_weights)
FDBENCH_BEST_OF(finish_rows)

}  // namespace

template <typename T>
std::int64_t AttentionProducts<T>::keys_size(std::int64_t length, std::int64_t head_dim) {
  return padded_length(length) * head_dim;
}

template <typename T>
std::int64_t AttentionProducts<T>::values_size(std::int64_t length, std::int64_t head_dim) {
  return padded_length(length) * head_dim;
}

// [key block][d / pair, keys of the block, pair]: transposed, block by block, so that a block's
// rows do not lie a power of two apart.
template <typename T>
void AttentionProducts<T>::pack_keys(const T* keys, std::int64_t stride, std::int64_t length,
                                     std::int64_t head_dim, T* to) {
  // A pair, or one float.
  using Unit = std::uint32_t;
  const std::int64_t padded = padded_length(length), units = head_dim / kPair<T>;
  auto* out = reinterpret_cast<Unit*>(to);
  for (std::int64_t first = 0; first < padded; first += kKeyBlock) {
    const std::int64_t columns = std::min(kKeyBlock, padded - first);
    for (std::int64_t unit = 0; unit < units; ++unit) {
      for (std::int64_t i = first; i < first + columns; ++i) {
        Unit value = 0;
        if (i < length) std::memcpy(&value, keys + i * stride + unit * kPair<T>, sizeof value);
        *out++ = value;
      }
    }
  }
}

// [padded l / pair, d, pair].
template <typename T>
void AttentionProducts<T>::pack_values(const T* values, std::int64_t stride, std::int64_t length,
                                       std::int64_t head_dim, T* to) {
  const std::int64_t padded = padded_length(length);
  for (std::int64_t first = 0; first < padded; first += kPair<T>) {
    for (std::int64_t column = 0; column < head_dim; ++column) {
      for (std::int64_t i = 0; i < kPair<T>; ++i) {
        *to++ = first + i < length ? values[(first + i) * stride + column] : T(0);
      }
    }
  }
}

template <typename T>
AttentionProducts<T>::AttentionProducts(std::int64_t head_dim)
    : scale_(static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(head_dim)))),
      scores_(kRows * kKeyBlock),
      output_(kRows * head_dim),
      offsets_(kRows),
      sums_(kRows * kWidth),
      weights_(kRows * kKeyBlock) {}

template <typename T>
AttentionProducts<T>::~AttentionProducts() {
  at::native::cpublas::brgemm_release(kPair<T> == 2);
}

template <typename T>
std::int64_t AttentionProducts<T>::score(const AttentionHead<T>& head, std::int64_t first) {
  const std::int64_t columns = std::min(kKeyBlock, padded_length(head.length) - first);
  at::native::cpublas::brgemm(head.rows, columns, head.head_dim, head.query_stride, columns,
                              kKeyBlock, false, head.query, head.keys + first * head.head_dim,
                              scores_.data(), kPair<T> == 2);
  if (head.length - first < columns)
    mask_scores(scores_.data(), head.rows, columns, head.length - first);
  return columns;
}

template <typename T>
void AttentionProducts<T>::look_for_offsets(const AttentionHead<T>& head, std::int64_t keys) {
  std::fill(offsets_.begin(), offsets_.end(), -std::numeric_limits<float>::max());
  for (std::int64_t first = 0; first < keys; first += kKeyBlock) {
    const std::int64_t columns = score(head, first);
    best_raise_maxima(ScoreBlock{scores_.data(), head.rows, columns}, offsets_.data());
  }
  for (float& offset : offsets_) offset *= scale_;
}

template <typename T>
void AttentionProducts<T>::accumulate(const AttentionHead<T>& head) {
  const std::int64_t d = head.head_dim;
  std::fill(sums_.begin(), sums_.end(), 0.0F);
  for (std::int64_t first = 0; first < head.length; first += kKeyBlock) {
    const std::int64_t columns = score(head, first);
    best_make_weights(ScoreBlock{scores_.data(), head.rows, columns}, scale_, offsets_.data(),
                      sums_.data(), weights_.data());
    at::native::cpublas::brgemm(head.rows, d, columns, kKeyBlock, d, d, first > 0, weights_.data(),
                                head.values + first * d, output_.data(), kPair<T> == 2);
  }
}

template <typename T>
void AttentionProducts<T>::attend(const AttentionHead<T>& head) {
  look_for_offsets(head, std::min(head.length, kKeyBlock));
  accumulate(head);
  const bool in_range = std::all_of(sums_.begin(), sums_.begin() + head.rows * kWidth,
                                    [](float sum) { return sum < kLargestSum; });
  if (!in_range) {
    look_for_offsets(head, head.length);
    accumulate(head);
  }
  best_finish_rows(output_.data(), head.rows, head.head_dim, sums_.data(), head.out,
                   head.out_stride);
}

template class AttentionProducts<float>;
template class AttentionProducts<at::BFloat16>;

}  // namespace fdbench
