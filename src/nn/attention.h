// Multi-head attention.
#pragma once

#include "nn/linear.h"

namespace fdbench {

/// Names of an attention's sub-modules in the safetensors keys.
struct AttentionNames {
  std::string query = "to_q", key = "to_k", value = "to_v", out = "to_out.0";
};

struct AttentionOptions {
  std::int64_t query_dim = 0;    // width of the queries' states and of the output
  std::int64_t context_dim = 0;  // width of the keys' and values' states
  std::int64_t heads = 1;
  std::int64_t inner_dim = 0;  // heads x width of a head
  bool bias = false;           // of query, key and value
  bool causal = false;
  bool upcast = false;  // attention itself in float32
  AttentionNames names;
};

struct Attention {
  Linear query, key, value, out;
  std::int64_t heads = 1;
  bool causal = false;
  bool upcast = false;

  Attention() = default;
  Attention(const WeightScope& scope, const AttentionOptions& options);
  /// x: [B, N, query_dim], context: [B, M, context_dim] (x itself for self-attention) -> as x.
  at::Tensor operator()(const at::Tensor& x, const at::Tensor& context) const;
  /// Linear layers and both products, for N queries and M keys each.
  std::int64_t multiply_adds(std::int64_t batch, std::int64_t queries, std::int64_t keys) const;

 private:
  at::Tensor split_heads(const at::Tensor& x) const;
};

}  // namespace fdbench
