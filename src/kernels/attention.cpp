#include "kernels/attention.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <vector>

#include "kernels/attention_products.h"
#include "kernels/attention_tiles.h"
#include "kernels/batch.h"
#include "kernels/cpu_features.h"
#include "kernels/grain.h"

namespace fdbench {
namespace {

/// Calls `use` with a value of the kernel's class.
template <typename Use>
auto with_kernel(AttentionKernel kernel, at::ScalarType dtype, const Use& use) {
  if (kernel == AttentionKernel::kTiles) return use(static_cast<AttentionTiles*>(nullptr));
  if (dtype == at::kFloat) return use(static_cast<AttentionProducts<float>*>(nullptr));
  return use(static_cast<AttentionProducts<at::BFloat16>*>(nullptr));
}

template <typename Kernel>
void pack(const at::Tensor& keys, const at::Tensor& values, KeysAndValues& result) {
  using T = typename Kernel::Element;
  const std::int64_t d = result.head_dim, heads = result.heads;
  const std::int64_t keys_size = Kernel::keys_size(result.length, d),
                     values_size = Kernel::values_size(result.length, d);
  result.keys = at::empty({result.batch * heads, keys_size}, keys.options());
  result.values = at::empty({result.batch * heads, values_size}, keys.options());
  const T* k = keys.const_data_ptr<T>();
  const T* v = values.const_data_ptr<T>();
  T* packed_keys = result.keys.mutable_data_ptr<T>();
  T* packed_values = result.values.mutable_data_ptr<T>();
  const std::int64_t grain = grain_size(result.batch * heads, result.keys.numel());
  at::parallel_for(0, result.batch * heads, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t item = i / heads, head = i % heads;
      Kernel::pack_keys(k + item * keys.stride(0) + head * d, keys.stride(1), result.length, d,
                        packed_keys + i * keys_size);
      Kernel::pack_values(v + item * values.stride(0) + head * d, values.stride(1), result.length,
                          d, packed_values + i * values_size);
    }
  });
}

template <typename Kernel>
at::Tensor packed_attention(const at::Tensor& query, const KeysAndValues& context) {
  using T = typename Kernel::Element;
  const std::int64_t batch = std::max(query.size(0), context.batch), length = query.size(1);
  const std::int64_t d = context.head_dim, heads = context.heads;
  at::Tensor out = at::empty({batch, length, heads * d}, query.options());
  const std::int64_t blocks = (length + Kernel::kRows - 1) / Kernel::kRows;
  const T* q = query.const_data_ptr<T>();
  const T* k = context.keys.const_data_ptr<T>();
  const T* v = context.values.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  const std::int64_t grain = grain_size(batch * heads * blocks, out.numel() * context.length / 8);
  at::parallel_for(0, batch * heads * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
    Kernel kernel(d);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t first = i % blocks * Kernel::kRows, head = i / blocks % heads,
                         item = i / blocks / heads;
      const std::int64_t matrix = item % context.batch * heads + head;
      AttentionHead<T> part;
      part.query = q + item % query.size(0) * query.stride(0) + first * query.stride(1) + head * d;
      part.query_stride = query.stride(1);
      part.rows = std::min(Kernel::kRows, length - first);
      part.keys = k + matrix * context.keys.size(1);
      part.values = v + matrix * context.values.size(1);
      part.length = context.length;
      part.head_dim = d;
      part.out = to + (item * length + first) * heads * d + head * d;
      part.out_stride = heads * d;
      kernel.attend(part);
    }
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

std::string name_of(AttentionKernel kernel) {
  switch (kernel) {
    case AttentionKernel::kPlain:
      return "plain";
    case AttentionKernel::kProducts:
      return "products";
    case AttentionKernel::kTiles:
      return "tiles";
  }
  return "";
}

std::vector<AttentionKernel> attention_kernels(at::ScalarType dtype, std::int64_t head_dim,
                                               at::Device device) {
  std::vector<AttentionKernel> kernels = {AttentionKernel::kPlain};
  const bool fits = dtype == at::kFloat || (dtype == at::kBFloat16 && head_dim % 2 == 0);
  if (!device.is_cpu() || !fits || !has_fast_products(dtype)) return kernels;
  kernels.insert(kernels.begin(), AttentionKernel::kProducts);
  if (dtype == at::kBFloat16 && has_attention_tiles())
    kernels.insert(kernels.begin(), AttentionKernel::kTiles);
  return kernels;
}

KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads) {
  const auto kernels = attention_kernels(keys.scalar_type(), keys.size(2) / heads, keys.device());
  return pack_keys_and_values(keys, values, heads, kernels.front());
}

KeysAndValues pack_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                   std::int64_t heads, AttentionKernel kernel) {
  KeysAndValues result = plain_keys_and_values(keys, values, heads);
  if (kernel == AttentionKernel::kPlain) return result;
  result.kernel = kernel;
  RECORD_FUNCTION("fdbench::pack_keys_and_values", std::vector<c10::IValue>());
  with_kernel(kernel, keys.scalar_type(),
              [&]<typename Kernel>(Kernel*) { pack<Kernel>(keys, values, result); });
  return result;
}

KeysAndValues plain_keys_and_values(const at::Tensor& keys, const at::Tensor& values,
                                    std::int64_t heads) {
  KeysAndValues result;
  result.keys = keys;
  result.values = values;
  result.batch = keys.size(0);
  result.length = keys.size(1);
  result.heads = heads;
  result.head_dim = keys.size(2) / heads;
  return result;
}

at::Tensor causal_attention(const at::Tensor& query, const KeysAndValues& context) {
  return plain_attention(query, context, /*causal=*/true);
}

at::Tensor attention(const at::Tensor& query, const KeysAndValues& context) {
  if (context.kernel == AttentionKernel::kPlain)
    return plain_attention(query, context, /*causal=*/false);
  RECORD_FUNCTION("fdbench::attention", std::vector<c10::IValue>());
  return with_kernel(context.kernel, query.scalar_type(), [&]<typename Kernel>(Kernel*) {
    return packed_attention<Kernel>(query, context);
  });
}

}  // namespace fdbench
