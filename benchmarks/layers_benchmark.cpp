// Single layers with the sizes of SD 1.5 at a guidance batch of 2.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "benchmark_setup.h"
#include "folders/synthetic_weights.h"
#include "kernels/attention.h"
#include "nn/resnet.h"
#include "nn/transformer.h"

namespace {

using namespace fdbench;

constexpr std::int64_t kBatch = 2, kHeads = 8, kTextTokens = 77, kTextWidth = 768;
constexpr std::int64_t kTimeWidth = 1280;

/// Arguments: channels, side of the feature map, dtype.
void resnet_block(benchmark::State& state) {
  const c10::InferenceMode inference;
  const std::int64_t channels = state.range(0), side = state.range(1);
  const at::ScalarType dtype = dtype_argument(state, 2);
  SyntheticWeights weights(0, dtype, at::kCPU);
  ResnetOptions options;
  options.in_channels = options.out_channels = channels;
  options.emb_channels = kTimeWidth;
  ResnetBlock2D block(WeightScope(weights), options);
  block.pack(side, side);
  const at::Tensor x = random_feature_map({kBatch, channels, side, side}, dtype);
  const at::Tensor emb = random_tensor({kBatch, kTimeWidth}, dtype);
  for (auto _ : state) benchmark::DoNotOptimize(block(x, emb));
  report_multiply_adds(state, block.multiply_adds(kBatch, side, side));
}

/// Within a feature map, without projections; packing of keys and values included. Arguments: side
/// of the feature map, width of a head, dtype, kernel counted from the best that this CPU has.
void self_attention(benchmark::State& state) {
  const c10::InferenceMode inference;
  const std::int64_t tokens = state.range(0) * state.range(0), width = kHeads * state.range(1);
  const at::ScalarType dtype = dtype_argument(state, 2);
  const at::Tensor query = random_tensor({kBatch, tokens, width}, dtype);
  const at::Tensor keys = random_tensor({kBatch, tokens, width}, dtype);
  const at::Tensor values = random_tensor({kBatch, tokens, width}, dtype);
  const auto kernels = attention_kernels(dtype, state.range(1), at::kCPU);
  const auto place = static_cast<std::size_t>(state.range(3));
  if (place >= kernels.size()) return state.SkipWithError("this CPU has no further kernel");
  state.SetLabel(name_of(kernels[place]));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        attention(query, pack_keys_and_values(keys, values, kHeads, kernels[place])));
  }
  report_multiply_adds(state, 2 * kBatch * tokens * tokens * width);
}

/// Self-attention, attention to the text and feed-forward. Arguments: channels, side of the feature
/// map, dtype.
void transformer_block(benchmark::State& state) {
  const c10::InferenceMode inference;
  const std::int64_t channels = state.range(0), pixels = state.range(1) * state.range(1);
  const at::ScalarType dtype = dtype_argument(state, 2);
  SyntheticWeights weights(0, dtype, at::kCPU);
  TransformerOptions options;
  options.channels = channels;
  options.heads = kHeads;
  options.cross_attention_dim = kTextWidth;
  BasicTransformerBlock block(WeightScope(weights), options);
  block.pack();
  const at::Tensor x = random_tensor({kBatch, pixels, channels}, dtype);
  const at::Tensor text = random_tensor({kBatch, kTextTokens, kTextWidth}, dtype);
  for (auto _ : state) benchmark::DoNotOptimize(block(x, block.attn2.keys_and_values(text)));
  report_multiply_adds(state, block.multiply_adds(kBatch, pixels, kTextTokens));
}

void in_both_dtypes(benchmark::internal::Benchmark* benchmark,
                    const std::vector<std::pair<std::int64_t, std::int64_t>>& sizes) {
  for (const std::int64_t dtype : {kBFloat16Argument, kFloat32Argument}) {
    for (const auto& [first, second] : sizes) benchmark->Args({first, second, dtype});
  }
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(0.2);
}

}  // namespace

BENCHMARK(resnet_block)->Apply([](auto* benchmark) {
  benchmark->ArgNames({"channels", "side", "dtype"});
  in_both_dtypes(benchmark, {{320, 64}, {640, 32}, {1280, 16}});
});
BENCHMARK(self_attention)->Apply([](auto* benchmark) {
  benchmark->ArgNames({"side", "head", "dtype", "kernel"});
  for (const std::int64_t dtype : {kBFloat16Argument, kFloat32Argument}) {
    for (const auto& [side, head] :
         {std::pair{64, 40}, {32, 80}, {16, 160}, {64, 64}, {16, 72}, {16, 16}}) {
      const std::int64_t kernels = dtype == kBFloat16Argument ? 3 : 2;
      for (std::int64_t kernel = 0; kernel < kernels; ++kernel)
        benchmark->Args({side, head, dtype, kernel});
    }
  }
  benchmark->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(0.2);
});
BENCHMARK(transformer_block)->Apply([](auto* benchmark) {
  benchmark->ArgNames({"channels", "side", "dtype"});
  in_both_dtypes(benchmark, {{320, 64}, {640, 32}});
});
BENCHMARK_MAIN();
