// Scaled dot-product attention over rows as the projections leave them: no transposed copies.
#pragma once

#include <ATen/ATen.h>

#include <optional>

namespace fdbench {

/// Keys and values of one attention, in the order in which the products read them.
struct KeysAndValues {
  at::Tensor keys, values;  // packed, or as given
  std::int64_t batch = 0, length = 0, heads = 0, head_dim = 0;
  bool packed = false;
};

/// keys, values: [m, l, heads * d], rows of any distance. Costs a copy; may be kept and used again.
KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads);
/// The same without a copy, for operators that take them as they are.
KeysAndValues plain_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                    std::int64_t heads);

/// softmax(q k^T / sqrt(d)) v per head. query: [n, l', heads * d], rows of any distance; keys and
/// values of batch m: one of n and m divides the other, and the smaller stands for its repetition
/// -> [max(n, m), l', heads * d]. On x86 CPUs with the matrix instructions for the dtype: an online
/// softmax over blocks of keys (Dao et al. 2022, FlashAttention) around oneDNN's batch-reduce
/// products; elsewhere at::scaled_dot_product_attention.
at::Tensor attention(const at::Tensor& query, const KeysAndValues& context);
/// The same for plain keys and values, where a token sees itself and the tokens before it.
at::Tensor causal_attention(const at::Tensor& query, const KeysAndValues& context);

}  // namespace fdbench
