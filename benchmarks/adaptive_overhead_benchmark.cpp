// What the harness adds to the layers of a step: time of a run's network part less the time in the
// layers themselves, with the embedded model, full and with first-block caching.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <memory>

#include "mini_run.h"
#include "plan/first_block_cache.h"
#include "plan/program.h"

namespace {

using namespace fdbench;
using Clock = std::chrono::steady_clock;

constexpr int kNumSteps = MiniRun::kNumSteps;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Passes everything on and adds up the time in the network's own code.
class TimedDenoiser final : public Denoiser {
 public:
  explicit TimedDenoiser(const Denoiser& denoiser) : denoiser_(denoiser) {}

  const ModelInfo& info() const override { return denoiser_.info(); }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    const auto start = Clock::now();
    auto state = denoiser_.begin(timesteps, conditioning, shape, options);
    seconds_ += seconds_since(start);
    return state;
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    const auto start = Clock::now();
    Value output = denoiser_.run(layer, inputs, state, memo);
    seconds_ += seconds_since(start);
    return output;
  }
  std::vector<LayerCost> costs(const SampleShape& shape,
                               const CallOptions& options) const override {
    return denoiser_.costs(shape, options);
  }

  double seconds() const { return seconds_; }

 private:
  const Denoiser& denoiser_;
  mutable double seconds_ = 0;
};

/// threshold: of first_block_cache; below 0: the full run. 0: never reuses, so that all that
/// differs from the full run is the rule's own work.
void overhead(benchmark::State& state, double threshold) {
  const c10::InferenceMode inference;
  const MiniRun& model = MiniRun::instance();
  const auto layers = model.pipeline.denoiser().layers();
  FirstBlockCacheOptions options;
  options.threshold = threshold;
  const Plan plan = threshold < 0 ? Plan(kNumSteps, static_cast<int>(layers.size()))
                                  : first_block_cache_plan(options, kNumSteps, layers);
  const Program program = compile(plan, layers, {});
  double network = 0, layer_time = 0;
  for (auto _ : state) {
    const TimedDenoiser denoiser(model.pipeline.denoiser());
    const DenoiseResult made = model.denoise(denoiser, program, {});
    network += made.unet_seconds;
    layer_time += denoiser.seconds();
  }
  const double num_steps = static_cast<double>(kNumSteps) * static_cast<double>(state.iterations());
  state.counters["network_us/step"] = 1e6 * network / num_steps;
  state.counters["overhead_us/step"] = 1e6 * (network - layer_time) / num_steps;
}

}  // namespace

BENCHMARK_CAPTURE(overhead, full, -1.0)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(overhead, first_block_cache_0, 0.0)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(overhead, first_block_cache_0 .05, 0.05)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_MAIN();
