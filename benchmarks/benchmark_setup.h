// What the benchmarks share: random tensors, dtypes as benchmark arguments, rates.
#pragma once

#include <ATen/ATen.h>
#include <benchmark/benchmark.h>

#include "core/device.h"

namespace fdbench {

/// Unit Gaussian numbers.
inline at::Tensor random_tensor(at::IntArrayRef shape, at::ScalarType dtype = at::kFloat) {
  return at::randn(shape, at::kFloat).to(dtype);
}

/// A feature map with its channels last, as the layers of a UNet hand it on. shape: [n, c, h, w].
inline at::Tensor random_feature_map(at::IntArrayRef shape, at::ScalarType dtype) {
  return random_tensor(shape, dtype).contiguous(at::MemoryFormat::ChannelsLast);
}

/// Argument `index` of a benchmark as a dtype, which becomes its label.
inline at::ScalarType dtype_argument(benchmark::State& state, int index) {
  const auto dtype = static_cast<at::ScalarType>(state.range(index));
  state.SetLabel(dtype_name(dtype));
  return dtype;
}

/// Reports 1e9 multiply-adds a second (shown as "GMAC=.../s"); `count` is that of one iteration.
inline void report_multiply_adds(benchmark::State& state, std::int64_t count) {
  const double all = 1e-9 * static_cast<double>(count) * static_cast<double>(state.iterations());
  state.counters["GMAC"] = benchmark::Counter(all, benchmark::Counter::kIsRate);
}

constexpr auto kBFloat16Argument = static_cast<std::int64_t>(at::kBFloat16);
constexpr auto kFloat32Argument = static_cast<std::int64_t>(at::kFloat);

}  // namespace fdbench
