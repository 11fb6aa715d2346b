// A denoiser whose layers take a known time at least.
#pragma once

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "models/denoiser.h"

namespace fdbench {

/// Its layers need nothing of the step.
class NoStepState : public StepState {
 public:
  std::unique_ptr<StepState> select(std::span<const std::size_t>, std::size_t,
                                    const CallOptions&) const override {
    return std::make_unique<NoStepState>();
  }
};

/// Block "a" of two layers (encoder), "b" of one (bottleneck) and "c" of one (decoder), one after
/// the other. Layer i sleeps i + 1 ms and adds 1; what begins a step sleeps 1 ms.
class SleepingDenoiser : public Denoiser {
 public:
  SleepingDenoiser() {
    info_.layers = {{"a.0", "a", parts::kEncoder, {kSample}},
                    {"a.1", "a", parts::kEncoder, {0}},
                    {"b", "b", parts::kBottleneck, {1}},
                    {"c", "c", parts::kDecoder, {2}}};
    info_.layer_parameters = {20, 30, 40, 50};
    info_.step_parameters = 10;
    info_.in_channels = info_.out_channels = 1;
    info_.sample_axes = {4, 4};
  }
  const ModelInfo& info() const override { return info_; }
  std::unique_ptr<StepState> begin(const at::Tensor&, const Conditioning&, const SampleShape&,
                                   const CallOptions&) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return std::make_unique<NoStepState>();
  }
  Value run(int layer, std::span<const LayerInput> inputs, const StepState&,
            std::unique_ptr<LayerMemo>*) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(layer + 1));
    return inputs[0].value.front() + 1;
  }
  std::vector<LayerCost> costs(const SampleShape& shape, const CallOptions&) const override {
    const std::int64_t pixels = shape.batch * shape.axes[0] * shape.axes[1];
    return {{1 * pixels}, {2 * pixels}, {3 * pixels}, {4 * pixels}};
  }

 private:
  ModelInfo info_;
};

/// Inputs for it.
inline at::Tensor sleeping_sample() { return at::zeros({2, 1, 4, 4}); }

}  // namespace fdbench
