#include "nn/attention.h"

namespace fdbench {

Attention::Attention(const WeightScope& scope, const AttentionOptions& options)
    : query(scope / options.names.query, options.query_dim, options.inner_dim, options.bias),
      key(scope / options.names.key, options.context_dim, options.inner_dim, options.bias),
      value(scope / options.names.value, options.context_dim, options.inner_dim, options.bias),
      out(scope / options.names.out, options.inner_dim, options.query_dim),
      heads(options.heads),
      causal(options.causal),
      upcast(options.upcast) {}

/// [B, N, heads * d] -> [B, heads, N, d], in float32 where attention is upcast.
at::Tensor Attention::split_heads(const at::Tensor& x) const {
  const at::Tensor split = x.view({x.size(0), x.size(1), heads, -1}).transpose(1, 2);
  return upcast ? split.to(at::kFloat) : split;
}

at::Tensor Attention::operator()(const at::Tensor& x, const at::Tensor& context) const {
  const at::Tensor attended = at::scaled_dot_product_attention(
      split_heads(query(x)), split_heads(key(context)), split_heads(value(context)),
      /*attn_mask=*/{}, /*dropout_p=*/0.0, causal);
  return out(attended.transpose(1, 2).reshape({x.size(0), x.size(1), -1}).to(x.scalar_type()));
}

std::int64_t Attention::multiply_adds(std::int64_t batch, std::int64_t queries,
                                      std::int64_t keys) const {
  const std::int64_t inner_dim = query.weight.size(0);
  const std::int64_t products = 2 * batch * queries * keys * inner_dim;
  return query.multiply_adds(batch * queries) + key.multiply_adds(batch * keys) +
         value.multiply_adds(batch * keys) + products + out.multiply_adds(batch * queries);
}

}  // namespace fdbench
