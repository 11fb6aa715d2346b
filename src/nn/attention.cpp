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

void Attention::pack() {
  for (Linear* layer : {&query, &key, &value, &out}) layer->pack();
}

KeysAndValues Attention::keys_and_values(const at::Tensor& context) const {
  const at::Tensor keys = key(context), values = value(context);
  if (causal) return plain_keys_and_values(keys, values, heads);
  if (upcast) return pack_keys_and_values(keys.to(at::kFloat), values.to(at::kFloat), heads);
  return pack_keys_and_values(keys, values, heads);
}

at::Tensor Attention::operator()(const at::Tensor& x, const KeysAndValues& context,
                                 const at::Tensor& added) const {
  const at::Tensor queries = upcast ? query(x).to(at::kFloat) : query(x);
  const at::Tensor attended =
      causal ? causal_attention(queries, context) : attention(queries, context);
  return out(attended.to(x.scalar_type()), added);
}

std::int64_t Attention::multiply_adds(std::int64_t batch, std::int64_t queries,
                                      std::int64_t keys) const {
  const std::int64_t inner_dim = query.weight.size(0);
  const std::int64_t products = 2 * batch * queries * keys * inner_dim;
  return query.multiply_adds(batch * queries) + context_multiply_adds(batch, keys) + products +
         out.multiply_adds(batch * queries);
}

}  // namespace fdbench
