// What probing costs: a full run of the embedded model without probes, with block outputs and with
// every layer watched.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>

#include "mini_run.h"
#include "plan/program.h"
#include "probes/feature_probe.h"

namespace {

using namespace fdbench;

std::vector<int> watched_layers(const std::string& detail) {
  const auto layers = MiniRun::instance().pipeline.unet().layers();
  std::vector<int> watched;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const bool ends_block = i + 1 == layers.size() || layers[i + 1].block != layers[i].block;
    if (detail == "layer" || (detail == "block" && ends_block)) {
      watched.push_back(static_cast<int>(i));
    }
  }
  return watched;
}

/// Seconds in the network and in the probe of one picture.
struct Cost {
  double network = 0, probe = 0;
};

Cost run(const std::string& detail) {
  using Clock = std::chrono::steady_clock;
  const MiniRun& model = MiniRun::instance();
  const Denoiser& unet = model.pipeline.unet();
  FeatureProbe probe(watched_layers(detail), MiniRun::kNumSteps, 1);
  Cost cost;
  ExecutorOptions options;
  if (detail != "none") {
    options.observe_layer = [&](int step, int layer, const Value& output) {
      const auto start = Clock::now();
      probe.observe(step, layer, output.front());
      cost.probe += std::chrono::duration<double>(Clock::now() - start).count();
    };
  }
  const Plan plan(MiniRun::kNumSteps, static_cast<int>(unet.layers().size()));
  cost.network = model.denoise(unet, compile(plan, unet.layers(), {}), options).unet_seconds;
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
BENCHMARK_MAIN();
