// What probing costs: a full run of the embedded model without probes, with block outputs, with
// every layer watched, and with what compares the steps of blocks with each other (principal
// components of ten steps, similarity of all).
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>

#include "mini_run.h"
#include "plan/program.h"
#include "probes/feature_probe.h"
#include "probes/feature_trace.h"
#include "probes/principal_components.h"
#include "probes/step_similarity.h"

namespace {

using namespace fdbench;

std::vector<int> watched_layers(const std::string& detail) {
  const auto layers = MiniRun::instance().pipeline.denoiser().layers();
  std::vector<int> watched;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool ends_block = i + 1 == layers.size() || layers[i + 1].block != layers[i].block;
    if (detail == "layer" || (detail == "block" && ends_block)) {
      watched.push_back(static_cast<int>(i));
    }
  }
  return watched;
}

std::vector<int> every(int stride) {
  std::vector<int> steps;
  for (int step = 0; step < MiniRun::kNumSteps; step += stride) steps.push_back(step);
  return steps;
}

/// Follows the blocks over the steps as a sweep with pca and similarity does.
class Traces {
 public:
  void observe(int step, int layer, const at::Tensor& output) {
    all_.observe(step, layer, output);
    drawn_.observe(step, layer, output);
  }
  void compare() {
    const std::vector<bool> dropped(MiniRun::kNumSteps, false);
    all_.finish(dropped);
    drawn_.finish(dropped);
    for (int column = 0; column < static_cast<int>(watched_.size()); ++column) {
      benchmark::DoNotOptimize(step_similarity(all_.features(column, 0)));
      benchmark::DoNotOptimize(colours_of(principal_components(drawn_.features(column, 0))));
    }
  }

 private:
  std::vector<int> watched_ = watched_layers("block");
  FeatureTrace all_{watched_, every(1), 1, 1}, drawn_{watched_, every(5), 1, 1};
};

/// Seconds in the network and in the probe of one picture.
struct Cost {
  double network = 0, probe = 0;
};

Cost run(const std::string& detail) {
  using Clock = std::chrono::steady_clock;
  const MiniRun& model = MiniRun::instance();
  const Denoiser& unet = model.pipeline.denoiser();
  FeatureProbe probe(watched_layers(detail), MiniRun::kNumSteps, 1);
  Traces traces;
  const bool is_traced = detail == "traced";
  Cost cost;
  ExecutorOptions options;
  if (detail != "none") {
    options.observe_layer = [&](int step, int layer, const Value& output) {
      const auto start = Clock::now();
      if (is_traced) {
        traces.observe(step, layer, output.front());
      } else {
        probe.observe(step, layer, output.front());
      }
      cost.probe += std::chrono::duration<double>(Clock::now() - start).count();
    };
  }
  const Plan plan(MiniRun::kNumSteps, static_cast<int>(unet.layers().size()));
  cost.network = model.denoise(unet, compile(plan, unet.layers(), {}), options).unet_seconds;
  const auto start = Clock::now();
  if (is_traced) traces.compare();
  cost.probe += std::chrono::duration<double>(Clock::now() - start).count();
  return cost;
}

void full_run(benchmark::State& state, const std::string& detail) {
  const c10::InferenceMode inference;
  Cost total;
  for (auto _ : state) {
    const Cost cost = run(detail);
    total.network += cost.network;
    total.probe += cost.probe;
  }
  state.counters["probe_percent"] = 100 * total.probe / total.network;
  state.counters["layers"] = static_cast<double>(watched_layers(detail).size());
}

}  // namespace

BENCHMARK_CAPTURE(full_run, no_probes, "none")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(full_run, blocks, "block")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(full_run, every_layer, "layer")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(full_run, steps_compared, "traced")->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_MAIN();
