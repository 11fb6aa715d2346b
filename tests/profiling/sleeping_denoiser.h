// A denoiser whose layers take a known time at least.
#pragma once

#include <chrono>
#include <thread>
#include <vector>

#include "models/denoiser.h"

namespace fdbench {

/// Block "a" of two layers (encoder), "b" of one (bottleneck) and "c" of one (decoder), one after
/// the other. Layer i sleeps i + 1 ms and adds 1; what begins a step sleeps 1 ms.
class SleepingDenoiser : public Denoiser {
 public:
  std::span<const LayerInfo> layers() const override { return layers_; }
  std::int64_t in_channels() const override { return 1; }
  std::int64_t sample_size() const override { return 4; }
  at::ScalarType dtype() const override { return at::kFloat; }
  at::Device device() const override { return at::kCPU; }
  std::int64_t num_parameters(int layer) const override { return 10 * (layer + 2); }
  StepContext begin_step(const at::Tensor&, const Conditioning&, std::int64_t height,
                         std::int64_t width) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {{}, {}, height, width};
  }
  at::Tensor run_layer(int layer, std::span<const LayerInput> inputs, const StepContext&,
                       LayerScratch&) const override {
    std::this_thread::sleep_for(std::chrono::milliseconds(layer + 1));
    return inputs[0].values + 1;
  }
  std::vector<LayerCost> costs(const SampleShape& shape) const override {
    const std::int64_t pixels = shape.batch * shape.height * shape.width;
    return {{1 * pixels}, {2 * pixels}, {3 * pixels}, {4 * pixels}};
  }

 private:
  std::vector<LayerInfo> layers_ = {{"a.0", "a", Role::kEncoder, {kSample}},
                                    {"a.1", "a", Role::kEncoder, {0}},
                                    {"b", "b", Role::kBottleneck, {1}},
                                    {"c", "c", Role::kDecoder, {2}}};
};

/// Inputs for it.
inline at::Tensor sleeping_sample() { return at::zeros({2, 1, 4, 4}); }

}  // namespace fdbench
