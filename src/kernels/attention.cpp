#include "kernels/attention.h"

#include <ATen/Parallel.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/batch.h"
#include "kernels/cpu_features.h"
#include "kernels/grain.h"
#include "kernels/simd.h"

namespace fdbench {
namespace {

using simd::Floats;
using simd::kWidth;

constexpr std::int64_t kQueryBlock = 64;
constexpr std::int64_t kKeyBlock = 512;

/// Two consecutive entries of the summed dimension stand side by side for bfloat16 products.
template <typename T>
constexpr std::int64_t kPair = sizeof(T) == 2 ? 2 : 1;

std::int64_t rounded_up(std::int64_t value, std::int64_t step) {
  return (value + step - 1) / step * step;
}

/// Keys are padded to a multiple of this, so that rows of scores are whole vectors.
std::int64_t padded_length(std::int64_t length) { return rounded_up(length, kWidth); }

/// keys: [l, d] rows -> [d / pair, padded l, pair], the transposed matrix as the products read it;
/// padding is 0.
template <typename T>
void pack_keys(const T* keys, std::int64_t stride, std::int64_t length, std::int64_t head_dim,
               T* to) {
  using Unit = std::uint32_t;  // a pair, or one float
  const std::int64_t padded = padded_length(length), units = head_dim / kPair<T>;
  auto* out = reinterpret_cast<Unit*>(to);
  for (std::int64_t first = 0; first < padded; first += kWidth) {
    for (std::int64_t unit = 0; unit < units; ++unit) {
      for (std::int64_t i = first; i < first + kWidth; ++i) {
        Unit value = 0;
        if (i < length) std::memcpy(&value, keys + i * stride + unit * kPair<T>, sizeof value);
        out[unit * padded + i] = value;
      }
    }
  }
}

/// values: [l, d] rows -> [padded l / pair, d, pair]; padding is 0.
template <typename T>
void pack_values(const T* values, std::int64_t stride, std::int64_t length, std::int64_t head_dim,
                 T* to) {
  const std::int64_t padded = padded_length(length);
  for (std::int64_t first = 0; first < padded; first += kPair<T>) {
    for (std::int64_t column = 0; column < head_dim; ++column) {
      for (std::int64_t i = 0; i < kPair<T>; ++i) {
        *to++ = first + i < length ? values[(first + i) * stride + column] : T(0);
      }
    }
  }
}

/// One block of rows against one block of keys: turns scores into unnormalised probabilities and
/// keeps the running maximum and sum of each row. `rows` x `columns` scores, of which `real` count;
/// columns and distance between rows (`stride`) are multiples of 16. factor: by what the row's
/// earlier output must be multiplied.
template <typename T>
FDBENCH_INLINE void soften(float* scores, std::int64_t rows, std::int64_t columns,
                           std::int64_t real, std::int64_t stride, float scale, float* maxima,
                           float* sums, float* factors, T* to) {
  for (std::int64_t row = 0; row < rows; ++row) {
    float* line = scores + row * stride;
    for (std::int64_t i = real; i < columns; ++i) line[i] = -std::numeric_limits<float>::infinity();
    Floats highest = simd::load(line);
    for (std::int64_t i = kWidth; i < columns; i += kWidth)
      highest = simd::maximum(highest, simd::load(line + i));
    float most = highest[0];
    for (std::int64_t i = 1; i < kWidth; ++i) most = std::max(most, highest[i]);
    most = std::max(most * scale, maxima[row]);
    const Floats offset = simd::broadcast(most);
    Floats total = {};
    T* out = to + row * stride;
    for (std::int64_t i = 0; i < columns; i += kWidth) {
      const Floats power =
          simd::exp2 < kPair<T> == 2 ? 4 : 6 > (simd::load(line + i) * scale - offset);
      total += power;
      simd::store_finite(out + i, power);
    }
    const float factor = simd::exp2(simd::broadcast(maxima[row] - most))[0];
    factors[row] = factor;
    sums[row] = sums[row] * factor + simd::sum(total);
    maxima[row] = most;
  }
}

/// output *= factor, by row.
FDBENCH_INLINE void rescale(float* output, std::int64_t rows, std::int64_t columns,
                            const float* factors) {
  for (std::int64_t row = 0; row < rows; ++row) {
    if (factors[row] == 1.0F) continue;
    for (std::int64_t i = 0; i < columns; ++i) output[row * columns + i] *= factors[row];
  }
}

/// to = output / sum, by row.
template <typename T>
FDBENCH_INLINE void finish_rows(const float* output, std::int64_t rows, std::int64_t columns,
                                const float* sums, T* to, std::int64_t stride) {
  for (std::int64_t row = 0; row < rows; ++row) {
    const float inverse = 1.0F / sums[row];
    for (std::int64_t i = 0; i < columns; ++i) {
      to[row * stride + i] = static_cast<T>(output[row * columns + i] * inverse);
    }
  }
}

FDBENCH_BEST_OF(soften)
FDBENCH_BEST_OF(rescale)
FDBENCH_BEST_OF(finish_rows)

/// Room for one block, reused along a thread's blocks.
template <typename T>
struct Block {
  explicit Block(std::int64_t head_dim)
      : scores(kQueryBlock * kKeyBlock),
        weights(sizeof(T) == 2 ? kQueryBlock * kKeyBlock : 0),
        output(kQueryBlock * head_dim),
        maxima(kQueryBlock),
        sums(kQueryBlock),
        factors(kQueryBlock) {}

  std::vector<float> scores;
  std::vector<T> weights;
  std::vector<float> output, maxima, sums, factors;
};

/// What a block reads and writes.
template <typename T>
struct Head {
  const T* query;
  std::int64_t query_stride, rows;
  const T* keys;
  const T* values;
  std::int64_t length, head_dim;
  T* out;
  std::int64_t out_stride;
};

template <typename T>
void attend(const Head<T>& head, Block<T>& block) {
  constexpr bool kIsPaired = kPair<T> == 2;
  const std::int64_t d = head.head_dim, padded = padded_length(head.length);
  const float scale = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(d)));
  std::fill(block.maxima.begin(), block.maxima.end(), -std::numeric_limits<float>::max());
  std::fill(block.sums.begin(), block.sums.end(), 0.0F);
  T* weights = kIsPaired ? block.weights.data() : reinterpret_cast<T*>(block.scores.data());
  for (std::int64_t first = 0; first < padded; first += kKeyBlock) {
    const std::int64_t columns = std::min(kKeyBlock, padded - first);
    const std::int64_t real = std::min(columns, head.length - first);
    at::native::cpublas::brgemm(head.rows, columns, d, head.query_stride, padded, kKeyBlock, false,
                                head.query, head.keys + first * kPair<T>, block.scores.data(),
                                kIsPaired);
    best_soften(block.scores.data(), head.rows, columns, real, kKeyBlock, scale,
                block.maxima.data(), block.sums.data(), block.factors.data(), weights);
    if (first > 0) best_rescale(block.output.data(), head.rows, d, block.factors.data());
    at::native::cpublas::brgemm(head.rows, d, columns, kKeyBlock, d, d, first > 0, weights,
                                head.values + first * d, block.output.data(), kIsPaired);
  }
  best_finish_rows(block.output.data(), head.rows, d, block.sums.data(), head.out, head.out_stride);
}

bool is_packable(at::ScalarType dtype, std::int64_t head_dim, at::Device device) {
  if (!device.is_cpu() || !has_fast_products(dtype)) return false;
  return dtype == at::kFloat || head_dim % 2 == 0;
}

template <typename T>
KeysAndValues packed(const at::Tensor& keys, const at::Tensor& values, std::int64_t heads) {
  KeysAndValues result;
  result.batch = keys.size(0);
  result.length = keys.size(1);
  result.heads = heads;
  result.head_dim = keys.size(2) / heads;
  result.packed = true;
  const std::int64_t d = result.head_dim, padded = padded_length(result.length);
  result.keys = at::empty({result.batch * heads, padded * d}, keys.options());
  result.values = at::empty_like(result.keys);
  const T* k = keys.const_data_ptr<T>();
  const T* v = values.const_data_ptr<T>();
  T* packed_keys = result.keys.mutable_data_ptr<T>();
  T* packed_values = result.values.mutable_data_ptr<T>();
  const std::int64_t grain = grain_size(result.batch * heads, result.keys.numel());
  at::parallel_for(0, result.batch * heads, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t item = i / heads, head = i % heads;
      pack_keys(k + item * keys.stride(0) + head * d, keys.stride(1), result.length, d,
                packed_keys + i * padded * d);
      pack_values(v + item * values.stride(0) + head * d, values.stride(1), result.length, d,
                  packed_values + i * padded * d);
    }
  });
  return result;
}

template <typename T>
at::Tensor packed_attention(const at::Tensor& query, const KeysAndValues& context) {
  const std::int64_t batch = std::max(query.size(0), context.batch), length = query.size(1);
  const std::int64_t d = context.head_dim, heads = context.heads,
                     size = padded_length(context.length) * d;
  at::Tensor out = at::empty({batch, length, heads * d}, query.options());
  const std::int64_t blocks = (length + kQueryBlock - 1) / kQueryBlock;
  const T* q = query.const_data_ptr<T>();
  const T* k = context.keys.const_data_ptr<T>();
  const T* v = context.values.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  const std::int64_t grain = grain_size(batch * heads * blocks, out.numel() * context.length / 8);
  at::parallel_for(0, batch * heads * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    Block<T> block(d);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * kQueryBlock, head = i / blocks % heads,
                         item = i / blocks / heads;
      const std::int64_t matrix = (item % context.batch * heads + head) * size;
      attend(
          Head<T>{q + item % query.size(0) * query.stride(0) + first * query.stride(1) + head * d,
                  query.stride(1), std::min(kQueryBlock, length - first), k + matrix, v + matrix,
                  context.length, d, to + (item * length + first) * heads * d + head * d,
                  heads * d},
          block);
    }
    at::native::cpublas::brgemm_release(kPair<T> == 2);
  });
  return out;
}

at::Tensor plain_attention(const at::Tensor& query, const KeysAndValues& context, bool causal) {
  const std::int64_t batch = std::max(query.size(0), context.batch);
  const auto split = [&](const at::Tensor& x) {
    return repeat_batch(x, batch)
        .reshape({batch, x.size(1), context.heads, context.head_dim})
        .transpose(1, 2);
  };
  return at::scaled_dot_product_attention(split(query), split(context.keys), split(context.values),
                                          {}, 0.0, causal)
      .transpose(1, 2)
      .reshape({batch, query.size(1), context.heads * context.head_dim});
}

}  // namespace

KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads) {
  const at::ScalarType dtype = keys.scalar_type();
  if (!is_packable(dtype, keys.size(2) / heads, keys.device()))
    return plain_keys_and_values(keys, values, heads);
  RECORD_FUNCTION("fdbench::pack_keys_and_values", std::vector<c10::IValue>());
  return dtype == at::kFloat ? packed<float>(keys, values, heads)
                             : packed<at::BFloat16>(keys, values, heads);
}

KeysAndValues plain_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                    std::int64_t heads) {
  return {keys, values, keys.size(0), keys.size(1), heads, keys.size(2) / heads, false};
}

at::Tensor causal_attention(const at::Tensor& query, const KeysAndValues& context) {
  return plain_attention(query, context, /*causal=*/true);
}

at::Tensor attention(const at::Tensor& query, const KeysAndValues& context) {
  if (!context.packed) return plain_attention(query, context, /*causal=*/false);
  RECORD_FUNCTION("fdbench::attention", std::vector<c10::IValue>());
  return query.scalar_type() == at::kFloat ? packed_attention<float>(query, context)
                                           : packed_attention<at::BFloat16>(query, context);
}

}  // namespace fdbench
