// Encoder, bottleneck and decoder of SD 1.5's UNet: one call with a guidance batch of 2 and a
// latent of 64x64.
#include <benchmark/benchmark.h>
#include <c10/core/InferenceMode.h>

#include <memory>

#include "benchmark_setup.h"
#include "denoisers/load_denoiser.h"
#include "folders/architectures.h"
#include "profiling/random_inputs.h"

namespace {

using namespace fdbench;

const SampleShape kShape{2, {64, 64}, 77};

/// A UNet and the outputs of all its layers, so that each can run alone.
class RecordedCall {
 public:
  explicit RecordedCall(at::ScalarType dtype) : dtype_(dtype) {
    const ModelFolder folder = open_architecture("sd15", 0);
    unet_ = load_denoiser(folder, dtype, at::kCPU);
    const DenoiserInputs inputs =
        random_inputs(read_unet_config(folder.config("unet"), folder.config_path("unet")), kShape,
                      0, dtype, at::kCPU);
    sample_ = inputs.sample;
    state_ = unet_->begin(inputs.timesteps, inputs.conditioning, kShape, {});
    forward(*unet_, sample_, inputs.timesteps, inputs.conditioning,
            [this](int, const Value& output) { outputs_.push_back(output); });
  }

  at::ScalarType dtype() const { return dtype_; }

  void run(const std::string& part) const {
    const auto layers = unet_->layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (layers[i].part != part) continue;
      std::vector<LayerInput> inputs;
      for (const Edge& input : layers[i].inputs) {
        inputs.push_back({input.layer == kSample ? Value(sample_) : outputs_[input.layer]});
      }
      benchmark::DoNotOptimize(unet_->run(static_cast<int>(i), inputs, *state_, nullptr));
    }
  }

  std::int64_t multiply_adds(const std::string& part) const {
    const std::vector<std::int64_t> counts = fdbench::multiply_adds(*unet_, kShape);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (unet_->layers()[i].part == part) sum += counts[i];
    }
    return sum;
  }

 private:
  at::ScalarType dtype_;
  std::unique_ptr<Denoiser> unet_;
  at::Tensor sample_;
  std::unique_ptr<StepState> state_;
  std::vector<Value> outputs_;
};

/// The call in `dtype`; one at a time is kept, since it takes gigabytes.
const RecordedCall& recorded_call(at::ScalarType dtype) {
  static std::unique_ptr<RecordedCall> call;
  if (!call || call->dtype() != dtype) {
    call.reset();
    call = std::make_unique<RecordedCall>(dtype);
  }
  return *call;
}

void unet_part(benchmark::State& state, const std::string& part) {
  const c10::InferenceMode inference;
  const RecordedCall& call = recorded_call(dtype_argument(state, 0));
  for (auto _ : state) call.run(part);
  report_multiply_adds(state, call.multiply_adds(part));
}

/// Grouped by dtype, so that each UNet is made once.
void register_parts() {
  for (const std::int64_t dtype : {kBFloat16Argument, kFloat32Argument}) {
    for (const std::string part : {parts::kEncoder, parts::kBottleneck, parts::kDecoder}) {
      benchmark::RegisterBenchmark(("unet_part/" + part).c_str(), unet_part, part)
          ->ArgName("dtype")
          ->Arg(dtype)
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime()
          ->Iterations(3);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  register_parts();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
