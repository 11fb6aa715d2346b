// What probing costs: a full run of the embedded model without probes, with block outputs and with
// every layer watched.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <numeric>

#include "execution/executor.h"
#include "plan/strategies.h"
#include "probes/feature_probe.h"
#include "tasks/picture_noise.h"
#include "tasks/text_to_image.h"

namespace {

using namespace fdbench;

constexpr int kNumSteps = 50;
constexpr double kGuidance = 4;

/// The embedded model and all that a run of one picture needs.
struct Bench {
  ModelFolder folder{std::filesystem::path(FDBENCH_SOURCE_DIR) / "models" / "mini"};
  TextToImagePipeline pipeline{folder};
  Conditioning conditional = pipeline.encode_prompts({"a red circle above a blue square"});
  Conditioning unconditional = pipeline.encode_prompts({""});
  std::unique_ptr<Sampler> sampler =
      make_sampler("", scheduler_config(folder).config, {}, kNumSteps);
  Program program = compile(Plan(kNumSteps, static_cast<int>(pipeline.unet().layers().size())),
                            pipeline.unet().layers(), {});
};

const Bench& bench() {
  static const Bench instance;
  return instance;
}

std::vector<int> watched_layers(const std::string& detail) {
  const auto layers = bench().pipeline.unet().layers();
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
  const Bench& model = bench();
  PictureNoise noise(0, {0}, {model.pipeline.unet().info().in_channels, 16, 16});
  FeatureProbe probe(watched_layers(detail), kNumSteps, 1);
  Cost cost;
  ExecutorOptions options;
  options.guidance_scale = kGuidance;
  if (detail != "none") {
    options.observe_layer = [&](int step, int layer, const Value& output) {
      const auto start = Clock::now();
      probe.observe(step, layer, output.front());
      cost.probe += std::chrono::duration<double>(Clock::now() - start).count();
    };
  }
  cost.network =
      denoise(model.pipeline.unet(), *model.sampler, model.program,
              {model.conditional, model.unconditional, noise.draw(), noise.source()}, options)
          .unet_seconds;
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
