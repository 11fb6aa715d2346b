#include "profiling/layer_profile.h"

#include <optional>

#include "core/device.h"
#include "profiling/process_memory.h"

namespace fdbench {
namespace {

/// Notes when `work` begins and when the device has done it.
template <typename Work>
auto timed(const at::Device& device, TimeSpan& span, Work work) {
  span.begin = steady_nanoseconds();
  auto result = work();
  synchronize(device);
  span.end = steady_nanoseconds();
  return result;
}

/// A denoiser that does what another does and notes when.
class TimedDenoiser : public Denoiser {
 public:
  TimedDenoiser(const Denoiser& inner, CallTimes& times) : inner_(inner), times_(times) {
    times_.layers.resize(inner.layers().size());
  }

  const ModelInfo& info() const override { return inner_.info(); }
  std::vector<LayerCost> costs(const SampleShape& shape,
                               const CallOptions& options) const override {
    return inner_.costs(shape, options);
  }
  std::unique_ptr<StepState> begin(const at::Tensor& timesteps, const Conditioning& conditioning,
                                   const SampleShape& shape,
                                   const CallOptions& options) const override {
    return timed(info().device, times_.begin_step,
                 [&] { return inner_.begin(timesteps, conditioning, shape, options); });
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState& state,
            std::unique_ptr<LayerMemo>* memo) const override {
    return timed(info().device, times_.layers[layer],
                 [&] { return inner_.run(layer, inputs, state, memo); });
  }

 private:
  const Denoiser& inner_;
  CallTimes& times_;
};

double plain_seconds(const Denoiser& denoiser, const DenoiserInputs& inputs) {
  TimeSpan span;
  synchronize(denoiser.info().device);
  timed(denoiser.info().device, span,
        [&] { return forward(denoiser, inputs.sample, inputs.timesteps, inputs.conditioning); });
  return span.seconds();
}

}  // namespace

CallTimes timed_call(const Denoiser& denoiser, const DenoiserInputs& inputs) {
  CallTimes times;
  const TimedDenoiser timing(denoiser, times);
  std::optional<OperatorRecorder> recorder;
  synchronize(denoiser.info().device);
  if (denoiser.info().device.is_cpu()) recorder.emplace();
  timed(denoiser.info().device, times.call,
        [&] { return forward(timing, inputs.sample, inputs.timesteps, inputs.conditioning); });
  if (recorder) times.operators = recorder->take();
  return times;
}

CallProfile profile_calls(const Denoiser& denoiser, const DenoiserInputs& inputs,
                          const ProfileOptions& options, const std::function<void(int)>& on_call) {
  CallProfile profile;
  int num_calls = 0;
  const auto done = [&] {
    if (on_call) on_call(++num_calls);
  };
  std::optional<PeakMemory> memory(denoiser.info().device);
  for (int i = 0; i < options.warmup; ++i) {
    plain_seconds(denoiser, inputs);
    done();
  }
  for (int i = 0; i < options.repeats; ++i) {
    profile.plain_seconds.push_back(plain_seconds(denoiser, inputs));
    if (memory) profile.peak_bytes = memory->bytes();
    memory.reset();
    done();
    profile.instrumented.push_back(timed_call(denoiser, inputs));
    done();
  }
  return profile;
}

}  // namespace fdbench
