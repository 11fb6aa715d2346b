// One DDIM update: what is left of a step besides the network.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include "benchmark_setup.h"
#include "samplers/sampler.h"

namespace {

using namespace fdbench;

constexpr int kNumSteps = 50;

/// Arguments: pictures, side of the latent.
void ddim_step(benchmark::State& state) {
  const c10::InferenceMode inference;
  const auto sampler = make_sampler("ddim", nlohmann::json::object(), {}, kNumSteps);
  const at::Tensor sample = random_tensor({state.range(0), 4, state.range(1), state.range(1)});
  const at::Tensor prediction = random_tensor(sample.sizes());
  int step = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sampler->step(prediction, step, sample, {}));
    step = (step + 1) % kNumSteps;
  }
}

}  // namespace

BENCHMARK(ddim_step)
    ->ArgNames({"pictures", "side"})
    ->Args({1, 64})
    ->Args({4, 64})
    ->Args({1, 128})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK_MAIN();
