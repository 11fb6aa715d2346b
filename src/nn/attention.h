// Multi-head attention.
#pragma once

#include "kernels/attention.h"
#include "nn/linear.h"

namespace fdbench {

/// Names of an attention's sub-modules in the safetensors keys.
struct AttentionNames {
  std::string query = "to_q", key = "to_k", value = "to_v", out = "to_out.0";
};

struct AttentionOptions {
  /// Width of the queries' states and of the output.
  std::int64_t query_dim = 0;
  /// Width of the keys' and values' states.
  std::int64_t context_dim = 0;
  std::int64_t heads = 1;
  /// Heads x width of a head.
  std::int64_t inner_dim = 0;
  /// Of query, key and value.
  bool bias = false;
  bool causal = false;
  /// Attention itself in float32.
  bool upcast = false;
  AttentionNames names;
};

struct Attention {
  Linear query, key, value, out;
  std::int64_t heads = 1;
  bool causal = false;
  bool upcast = false;

  Attention() = default;
  Attention(const WeightScope& scope, const AttentionOptions& options);
  void pack();
  /// x: [B, N, query_dim], context: [B, M, context_dim] (x itself for self-attention) -> as x.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& context) const {
    return (*this)(x, keys_and_values(context), {});
  }
  /// What the context alone brings. context: [m, M, context_dim].
  KeysAndValues keys_and_values(const at::Tensor& context) const;
  /// x: [n, N, query_dim], context of batch m; added: of the result's shape, added to it, may be
  /// undefined
  /// -> [max(n, m), N, query_dim]. A smaller batch stands for its repetition.
  at::Tensor operator()(const at::Tensor& x, const KeysAndValues& context,
                        const at::Tensor& added) const;
  /// Linear layers and both products, for N queries and M keys each.
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t queries, std::int64_t keys) const;
  /// The part of it that depends on the context alone.
  std::int64_t context_multiply_adds(std::int64_t batch, std::int64_t keys) const {
    return key.multiply_adds(batch * keys) + value.multiply_adds(batch * keys);
  }
};

}  // namespace fdbench
