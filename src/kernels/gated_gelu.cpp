#include "kernels/gated_gelu.h"

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include <algorithm>

#include "kernels/grain.h"
#include "kernels/simd.h"

namespace fdbench {
namespace {

using simd::kWidth;

/// rows of 2 * count values -> rows of count values.
template <typename T>
FDBENCH_INLINE void gate_rows(const T* x, std::int64_t rows, std::int64_t count, T* y) {
  for (std::int64_t row = 0; row < rows; ++row, x += 2 * count, y += count) {
    std::int64_t i = 0;
    for (; i + kWidth <= count; i += kWidth) {
      simd::store(y + i, simd::load(x + i) * simd::gelu(simd::load(x + count + i)));
    }
    if (i == count) continue;
    const std::int64_t rest = count - i;
    simd::store_some(
        y + i, simd::load_some(x + i, rest) * simd::gelu(simd::load_some(x + count + i, rest)),
        rest);
  }
}
FDBENCH_BEST_OF(gate_rows)

template <typename T>
at::Tensor fused(const at::Tensor& x) {
  std::vector<std::int64_t> sizes = x.sizes().vec();
  sizes.back() /= 2;
  at::Tensor y = at::empty(sizes, x.options());
  const std::int64_t count = sizes.back(), rows = count == 0 ? 0 : y.numel() / count;
  const T* from = x.const_data_ptr<T>();
  T* to = y.mutable_data_ptr<T>();
  at::parallel_for(0, rows, grain_size(rows, x.numel()), [&](std::int64_t begin, std::int64_t end) {
    best_gate_rows(from + begin * 2 * count, end - begin, count, to + begin * count);
  });
  return y;
}

}  // namespace

at::Tensor gated_gelu(const at::Tensor& x) {
  const at::ScalarType dtype = x.scalar_type();
  if (x.is_cpu() && x.is_contiguous() && (dtype == at::kFloat || dtype == at::kBFloat16)) {
    RECORD_FUNCTION("fdbench::gated_gelu", std::vector<c10::IValue>());
    return dtype == at::kFloat ? fused<float>(x) : fused<at::BFloat16>(x);
  }
  const auto halves = x.chunk(2, -1);
  return at::gelu(halves[1]).mul_(halves[0]);
}

}  // namespace fdbench
