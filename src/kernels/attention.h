// Scaled dot-product attention over rows as the projections leave them: no transposed copies.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace fdbench {

/// Who computes an attention: ATen, oneDNN's batch-reduce products or the matrix tiles of AMX.
enum class AttentionKernel { kPlain, kProducts, kTiles };

/// "plain", "products", "tiles".
std::string name_of(AttentionKernel kernel);
/// What this CPU can use for keys of a dtype, best first; the last is plain.
std::vector<AttentionKernel> attention_kernels(at::ScalarType dtype, std::int64_t head_dim,
                                               at::Device device);

/// Keys and values of one attention.
struct KeysAndValues {
  /// As given, or packed [batch * heads, ...] in the order in which the kernel reads them.
  at::Tensor keys, values;
  std::int64_t batch = 0, length = 0, heads = 0, head_dim = 0;
  AttentionKernel kernel = AttentionKernel::kPlain;
};

/// keys, values: [m, l, heads * d], rows of any distance. Costs a copy; may be kept and used again.
KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads);
/// The same for a kernel of attention_kernels().
KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads, AttentionKernel kernel);
/// The same without a copy, for operators that take them as they are.
KeysAndValues plain_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                    std::int64_t heads);

/// softmax(q k^T / sqrt(d)) v per head. query: [n, l', heads * d], rows of any distance; keys and
/// values of batch m: one of n and m divides the other, and the smaller stands for its repetition
/// -> [max(n, m), l', heads * d]. Block by block of keys, as Dao et al. 2022 (FlashAttention) do
/// it: on AMX's tiles in bfloat16, around oneDNN's batch-reduce products on other x86 CPUs with
/// fast products for the dtype; elsewhere at::scaled_dot_product_attention.
at::Tensor attention(const at::Tensor& query, const KeysAndValues& context);
/// The same for plain keys and values, where a token sees itself and the tokens before it.
at::Tensor causal_attention(const at::Tensor& query, const KeysAndValues& context);

}  // namespace fdbench
